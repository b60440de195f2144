// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The cheapest program there is: exits with 0 at its first instruction. */
__attribute__((naked, noreturn)) void _start(void)
{
	__asm__ volatile ("xor %edi, %edi; mov $60, %eax; syscall");
}
