/** A host path shown inside the sandbox. */
export interface BindMount {
  readonly kind: "bind";
  readonly source: string;
  /** Absolute, in the sandbox. */
  readonly target: string;
  readonly readonly: boolean;
  /** More of mount(8)'s options, such as "noexec". */
  readonly options?: readonly string[];
}

/** An empty directory in memory. */
export interface TmpfsMount {
  readonly kind: "tmpfs";
  readonly target: string;
  /** In bytes; undefined is the kernel's default. */
  readonly size: number | undefined;
  readonly readonly: boolean;
}

/** A small read-only file that is never on a disk. */
export interface SecretFile {
  readonly kind: "secret";
  readonly target: string;
  readonly value: Uint8Array;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** What a sandbox shows besides its root filesystem. */
export type SandboxMount = BindMount | SecretFile | TmpfsMount;
