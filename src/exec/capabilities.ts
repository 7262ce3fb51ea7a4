/** Every capability by its number (capabilities(7)). */
const all = (
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE " +
  "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO " +
  "SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME " +
  "SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG " +
  "WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
).split(" ");

/** What a container may do by default, as Docker has it. */
const sandboxed = (
  "CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW " +
  "SYS_CHROOT MKNOD AUDIT_WRITE SETFCAP"
).split(" ");

/** The capabilities of a step, of those that this process holds itself (a bit mask). */
export function stepCapabilities(
  security: "sandbox" | "insecure",
  held: bigint,
): readonly string[] {
  return all
    .filter((_, number) => (held >> BigInt(number)) & 1n)
    .filter((name) => security === "insecure" || sandboxed.includes(name))
    .map((name) => `CAP_${name}`);
}
