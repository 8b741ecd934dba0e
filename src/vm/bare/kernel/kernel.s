# Our guest kernel. It enters the program in ring 3 and answers its system calls.
#
# A call may change rax, rcx, r11 and the flags, nothing else: no stack, no memory, no privileged instruction. So the
# same bytes run in ring 0 (hardware) and in ring 3 (a software KVM delivers `syscall` there), and a call that needs no
# host costs no exit. What needs the host is one `in`: the host reads the arguments in rdi, rsi, rdx, and its answer is
# the call's result.

    .section .kernel, "ax"
    .globl _start
_start:                         # the host left the program's entry in rcx, its flags in r11, its stack in rsp
    sysretq

    .org {HANDLERS}             # vector n arrives n * 4 bytes further; rip tells the host which one it was
    .rept {VECTORS}
    out %al, ${FAULT}
    jmp .
    .endr

    .section .system_calls, "ax"
    cmp $110, %eax              # getppid first: it is the one that gets measured
    je zero
    test %eax, %eax
    je read
    cmp $1, %eax
    je write
    cmp $9, %eax
    je mmap
    cmp $28, %eax               # madvise: advice may be ignored
    je zero
    cmp $35, %eax
    je nanosleep
    cmp $39, %eax
    je getpid
    cmp $257, %eax
    je openat
    cmp $60, %eax
    je exit
    cmp $231, %eax
    je exit
    out %al, ${UNKNOWN}         # the host stops us, and names the call
    jmp .

zero:
    xor %eax, %eax
back:                           # rax is the result, rcx the way back
    mov %cs, %r11d
    test $3, %r11b
    jnz 1f
    mov ${FLAGS}, %r11d
    sysretq
1:  jmp *%rcx                   # never left ring 3

getpid:
    mov $1, %eax
    jmp back

read:                           # the only file to read from is the one that releases us
    cmp ${RELEASE_FD}, %edi
    jne bad_file
    in ${WAIT}, %eax
    jmp answer

write:
    lea -1(%rdi), %eax          # 1 and 2 are the console
    cmp $1, %eax
    ja bad_file
    in ${CONSOLE}, %eax
    jmp answer

nanosleep:
    in ${SLEEP}, %eax
answer:                         # errors are negative 32-bit numbers
    cltq
    jmp back

mmap:                           # a page number, or an error
    in ${MMAP}, %eax
    cltq
    test %rax, %rax
    js back
    shl $12, %rax
    jmp back

bad_file:
    mov $-9, %rax               # EBADF
    jmp back

openat:
    mov $-2, %rax               # ENOENT: there is no file system
    jmp back

exit:
    out %al, ${EXIT}
    jmp .
