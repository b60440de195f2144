# SPDX-License-Identifier: GPL-2.0 OR MIT
# libspawn_bpf, and posix_spawn() on top of it. They need no kernel tree, only a C library.

LIB := $(USER)/lib
LIB_VERSION := 0.1.0
PREFIX ?= /usr/local

lib_sources := $(wildcard lib/*.c)
preload_sources := $(wildcard lib/preload/*.c)
lib_objects := $(lib_sources:%.c=$(USER)/%.o)
preload_objects := $(preload_sources:%.c=$(USER)/%.o)
lib_outputs := $(LIB)/libspawn_bpf.a $(LIB)/libspawn_bpf.so $(LIB)/libspawn_bpf_preload.so

# Programs that run with and without the preload, so with the C library that it is laid over.
preload_tests := $(patsubst %.c,$(USER)/%,$(wildcard selftests/preload/*.c))

.PHONY: lib install
lib: $(lib_outputs)
user: $(preload_tests)

# initial-exec: the first use of a thread's variables in a signal handler allocates nothing.
lib_flags := $(CFLAGS) $(warnings) -Iinclude -Ilib -fPIC -fvisibility=hidden -ftls-model=initial-exec -MMD -MP

$(USER)/lib/%.o: lib/%.c mk/lib.mk
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(lib_flags) -c -o $@ $<

# One object: what its files share among each other is no name of the programs'.
$(LIB)/libspawn_bpf.a: $(lib_objects)
	$(call say,AR)
	$(Q)$(LD) -r -o $(LIB)/libspawn_bpf.o $^ && objcopy --localize-hidden $(LIB)/libspawn_bpf.o
	$(Q)rm -f $@ && $(AR) rcs $@ $(LIB)/libspawn_bpf.o

# Threads run code of it when they end: it stays where it is.
$(LIB)/libspawn_bpf.so.0: $(lib_objects) lib/libspawn_bpf.map
	$(call say,LINK)
	$(Q)$(CC) -shared -Wl,-soname,$(@F),--version-script=lib/libspawn_bpf.map,-z,nodelete -o $@ $(lib_objects) -pthread

$(LIB)/libspawn_bpf.so: $(LIB)/libspawn_bpf.so.0
	$(Q)ln -sf $(<F) $@

# With the library in it: one file to name in LD_PRELOAD. Bound at once: a handler may be the first to call.
$(LIB)/libspawn_bpf_preload.so: $(preload_objects) $(lib_objects) lib/preload/preload.map
	$(call say,LINK)
	$(Q)$(CC) -shared -Wl,-z,now,-z,defs,-soname,$(@F),--version-script=lib/preload/preload.map -o $@ $(filter %.o,$^) -pthread

$(preload_tests): $(USER)/%: %.c mk/lib.mk
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(warnings) -o $@ $(filter %.c,$^) -pthread
$(USER)/selftests/preload/behaviour: $(wildcard selftests/preload/behaviour/*)

# A page is found under each of its names.
man_pages := $(wildcard lib/man/*.3)
man := $(PREFIX)/share/man

install: $(lib_outputs)
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(man)/man3 $(DESTDIR)$(man)/man7
	install -m 644 $(LIB)/libspawn_bpf.a $(DESTDIR)$(PREFIX)/lib
	install -m 755 $(LIB)/libspawn_bpf.so.0 $(LIB)/libspawn_bpf_preload.so $(DESTDIR)$(PREFIX)/lib
	ln -sf libspawn_bpf.so.0 $(DESTDIR)$(PREFIX)/lib/libspawn_bpf.so
	install -m 644 lib/libspawn_bpf.h include/spawn_bpf.h $(DESTDIR)$(PREFIX)/include
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(LIB_VERSION)|' lib/libspawn_bpf.pc.in \
		>$(DESTDIR)$(PREFIX)/lib/pkgconfig/libspawn_bpf.pc
	install -m 644 $(man_pages) $(DESTDIR)$(man)/man3
	install -m 644 $(wildcard lib/man/*.7) $(DESTDIR)$(man)/man7
	for page in $(notdir $(man_pages)); do sed -nE 's/^\.Nm (spawn_bpf_\w+).*/\1/p' lib/man/$$page | \
		while read -r name; do [ $$name.3 = $$page ] || \
			echo ".so man3/$$page" >$(DESTDIR)$(man)/man3/$$name.3 || exit 1; done; done

-include $(lib_objects:.o=.d) $(preload_objects:.o=.d)
