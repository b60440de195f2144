/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A policy that does what the test wrote down: a list of operations, run up to the next S_RETURN
 * in every step. Its place in the list is kept in pdu[0], so it is also a test of that. Results go
 * to a log the test reads.
 */
enum script_opcode {
	S_RETURN,	/* a: code */
	S_RES,		/* a: lp->res */
	S_WAIT,		/* a: lp->wait_nr */
	S_TIMEOUT,	/* b: lp->timeout_ns */
	S_QUEUE,	/* a: template; logged */
	S_QUEUE_RAW,	/* a: script.raw[]; logged */
	S_QUEUE_SHORT,	/* with a wrong size; logged */
	S_GET,		/* a: index; logged with opcode */
	S_REAP,		/* logged with user_data, res, idx */
	S_POST,		/* a: res, b: user_data, c: flags; logged */
	S_READ,		/* a: offset, 8 bytes; logged with the value */
	S_WRITE,	/* a: offset, b: 8 bytes; logged */
	S_SEEN,		/* log what lp says */
	S_PDU_SET,	/* b: into pdu[15] */
	S_PDU_GET,	/* logged */
	S_GOTO,		/* a: place; for ever, with S_RETURN on the way */
};

#define SCRIPT_OPS	64
#define SCRIPT_LOG	128
#define SCRIPT_RAW	8

struct script_op {
	unsigned int		op, a;
	unsigned long long	b;
	unsigned int		c, pad;
};

struct script_log {
	int			ret;
	unsigned int		idx, opcode, flags;
	unsigned long long	value;		/* user_data of a CQE, or what was read */
	int			res;
	unsigned int		pad;
};

/* What lp said, as S_SEEN finds it. */
struct script_seen {
	unsigned long long	user_data, cookie, arg_addr;
	unsigned int		arg_len, event, step, nr_cqes, nr_inflight, nr_sqes, nr_submit;
	unsigned int		wait_nr;
	unsigned long long	timeout_ns, pdu_or;		/* all of pdu but the place */
	int			res;
	unsigned int		pad;
};
