import type { ArgumentTest, SeccompProfile, SeccompRule } from "../sys/libseccomp.js";

/**
 * System calls that a container may always make, as Docker's default profile has them
 * (docs.docker.com, "Seccomp security profiles for Docker"). Whatever is not named fails with
 * EPERM. A runtime passes over names that its libseccomp does not know.
 */
const always = `
  accept accept4 access adjtimex alarm bind brk cachestat capget capset chdir chmod chown chown32
  clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64
  clock_nanosleep clock_nanosleep_time64 close close_range connect copy_file_range creat dup dup2
  dup3 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait
  epoll_wait_old eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64
  fadvise64_64 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat
  fcntl fcntl64 fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat fstat64
  fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue futex_time64
  futex_wait futex_waitv futex_wake futimesat get_robust_list get_thread_area getcpu getcwd
  getdents getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32
  getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid getresgid32
  getresuid getresuid32 getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday
  getuid getuid32 getxattr getxattrat inotify_add_watch inotify_init inotify_init1
  inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup
  io_submit ioctl ioprio_get ioprio_set ipc kill landlock_add_rule landlock_create_ruleset
  landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listmount listxattr
  listxattrat llistxattr _llseek lremovexattr lseek lsetxattr lstat lstat64 madvise
  map_shadow_stack membarrier memfd_create memfd_secret mincore mkdir mkdirat mknod mknodat mlock
  mlock2 mlockall mmap mmap2 mprotect mq_getsetattr mq_notify mq_open mq_timedreceive
  mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget
  msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep newfstatat _newselect
  open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free
  pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease
  process_vm_readv process_vm_writev pselect6 pselect6_time64 ptrace pwrite64 pwritev pwritev2
  read readahead readlink readlinkat readv recv recvfrom recvmmsg recvmmsg_time64 recvmsg
  remap_file_pages removexattr removexattrat rename renameat renameat2 restart_syscall rmdir rseq
  rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
  rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_get_priority_max
  sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler
  sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr
  sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop
  semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto set_robust_list
  set_thread_area set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32
  setgroups setgroups32 setitimer setpgid setpriority setregid setregid32 setresgid setresgid32
  setresuid setresuid32 setreuid setreuid32 setrlimit setsid setsockopt setuid setuid32 setxattr
  setxattrat shmat shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4 sigprocmask
  sigreturn socketcall socketpair splice stat stat64 statfs statfs64 statmount statx symlink
  symlinkat sync sync_file_range syncfs sysinfo tee tgkill time timer_create timer_delete
  timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create
  timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate
  truncate64 ugetrlimit umask uname unlink unlinkat uretprobe utime utimensat utimensat_time64
  utimes vfork vmsplice wait4 waitid waitpid write writev`;

/** Calls that the default capability CAP_SYS_CHROOT brings with it. */
const byCapability = "chroot";

interface Machine {
  /** libseccomp's names: the machine's own, then those of its 32-bit and sibling ABIs. */
  readonly architectures: readonly string[];
  /** Calls that only exist there. */
  readonly calls: string;
  /** Which argument of clone(2) holds the flags. */
  readonly cloneFlags: number;
}

function machine(architectures: string, calls: string, cloneFlags = 0): Machine {
  const names = architectures.split(" ").map((name) => `SCMP_ARCH_${name}`);
  return { architectures: names, calls, cloneFlags };
}

/** By GOARCH names, as in an image's platform. */
const machines: Readonly<Record<string, Machine>> = {
  amd64: machine("X86_64 X86 X32", "arch_prctl modify_ldt"),
  "386": machine("X86", "modify_ldt"),
  arm64: machine(
    "AARCH64 ARM",
    "arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls sync_file_range2",
  ),
  arm: machine(
    "ARM",
    "arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls sync_file_range2",
  ),
  ppc64le: machine("PPC64LE", "swapcontext sync_file_range2"),
  riscv64: machine("RISCV64", "riscv_flush_icache riscv_hwprobe"),
  s390x: machine("S390X S390", "s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr", 1),
};

const EPERM = 1;
const ENOSYS = 38;
const AF_VSOCK = 40;
/** Every CLONE_NEW… flag but CLONE_NEWTIME, which shares its bit with the exit signal. */
const NEW_NAMESPACES = 0x7e020000;
/** PER_LINUX, PER_LINUX32, both with UNAME26, and "tell me the current one". */
const PERSONALITIES = [0, 8, 0x20000, 0x20008, 0xffffffff];

const base = { defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: EPERM } as const;

/** The `linux.seccomp` object of a sandboxed step (runtime-spec, config-linux.md); undefined where the machine is unknown. */
export function seccompProfile(architecture: string): SeccompProfile | undefined {
  const here = machines[architecture];
  if (here === undefined) return undefined;
  const names = `${always} ${byCapability} ${here.calls}`.trim().split(/\s+/);
  return {
    ...base,
    architectures: here.architectures,
    syscalls: [
      { names, action: "SCMP_ACT_ALLOW" },
      allowWhere("socket", { index: 0, value: AF_VSOCK, op: "SCMP_CMP_NE" }),
      ...PERSONALITIES.map((value) =>
        allowWhere("personality", { index: 0, value, op: "SCMP_CMP_EQ" }),
      ),
      allowWhere("clone", {
        index: here.cloneFlags,
        value: NEW_NAMESPACES,
        valueTwo: 0,
        op: "SCMP_CMP_MASKED_EQ",
      }),
      // clone3 hides its flags in memory, where a filter cannot look; libc then falls back to clone.
      { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: ENOSYS },
    ],
  };
}

/**
 * What is left to say where the runtime is given that profile compiled. It names no call: a runtime that
 * did not take the compiled one would start nothing at all.
 */
export function compiledProfile(architecture: string): SeccompProfile | undefined {
  const here = machines[architecture];
  return here && { ...base, architectures: here.architectures, syscalls: [] };
}

function allowWhere(name: string, condition: ArgumentTest): SeccompRule {
  return { names: [name], action: "SCMP_ACT_ALLOW", args: [condition] };
}
