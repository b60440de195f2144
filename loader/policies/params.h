/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PARAMS_H
#define PARAMS_H

struct bpf_object;

/*
 * Sets a policy's parameter, a constant defined with IOU_SPAWN_PARAM, before the policy is loaded.
 * -ENOENT: there is none of that name; -EMEDIUMTYPE: it is no number; -EINVAL: @value is none;
 * -ERANGE: @value does not fit.
 */
int param_set(struct bpf_object *obj, const char *name, const char *value);

/* Each "NAME=VALUE", the last one is NULL. A sentence about @source follows a failure. */
int params_set(struct bpf_object *obj, char *const *assignments, const char *source);

#endif
