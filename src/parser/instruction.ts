import type { Source, Span } from "../error.js";
import type { CheckOptions } from "./check-options.js";
import type { RuleName } from "./lint-rules.js";

/** One word as written: quotes, escapes and variables are still in it. */
export interface Word {
  readonly text: string;
  readonly at: Span;
}

/** `--name` or `--name=value`; quotes are already removed from `value`, variables are not expanded. */
export interface Flag {
  readonly name: string;
  readonly value: string | undefined;
  readonly at: Span;
}

/** A here-document (Dockerfile reference, "Here-Documents"). */
export interface Heredoc {
  /** The delimiter without quotes: also the file's name in COPY and ADD. */
  readonly name: string;
  /** With its last newline; leading tabs already stripped for `<<-`. */
  readonly body: string;
  /** False when any part of the delimiter was quoted. */
  readonly expand: boolean;
  /** The word as written, such as `<<-"EOF"` or `3<<EOF`. */
  readonly word: string;
  /** Body as written, and the delimiter: for RUN lines handed to the shell. */
  readonly raw: string;
  readonly at: Span;
}

/** What is executed: as is, or by SHELL. */
export type Command =
  | { readonly form: "exec"; readonly argv: readonly string[] }
  /** Continuations joined, otherwise verbatim. */
  | { readonly form: "shell"; readonly text: string };

/** One pair of ENV or LABEL. */
export interface KeyValue {
  readonly key: Word;
  readonly value: Word;
}

/** What every instruction has. */
export interface Located {
  /** The whole instruction, from its keyword to its last character, heredoc bodies included. */
  readonly at: Span;
  /** The keyword as written, for messages and casing rules. */
  readonly keyword: string;
  /** The instruction as one line, continuations joined and comments dropped: for titles. */
  readonly line: string;
  /** What the comment lines right above it say. */
  readonly comments: readonly string[];
}

/** FROM: begins a stage. */
export interface From extends Located {
  readonly kind: "from";
  readonly image: Word;
  readonly platform: Flag | undefined;
  /** The stage name as written; stages are matched ignoring case. */
  readonly name: Word | undefined;
}

/** RUN: a command, or a script. */
export interface Run extends Located {
  readonly kind: "run";
  readonly command: Command;
  /** In the order of their words. With text around them, `command.text` is the line without bodies. */
  readonly heredocs: readonly Heredoc[];
  /** The line is nothing but one heredoc word: its body is the script (shapes 1 and 2 of P16). */
  readonly script: boolean;
  /** --mount (repeatable), --network, --security, --device (repeatable). */
  readonly flags: readonly Flag[];
}

/** A path, or a file written in place. */
export type CopySource = Word | Heredoc;
interface CopyLike extends Located {
  readonly sources: readonly CopySource[];
  readonly destination: Word;
  readonly flags: readonly Flag[];
}

/** Flags: --from --chown --chmod --link --parents --exclude (repeatable). */
export interface Copy extends CopyLike {
  readonly kind: "copy";
}

/** Flags: --chown --chmod --link --exclude --checksum --keep-git-dir --unpack. */
export interface Add extends CopyLike {
  readonly kind: "add";
}

/** ENV: variables of the image and of later steps. */
export interface Env extends Located {
  readonly kind: "env";
  readonly pairs: readonly KeyValue[];
  /** `ENV key value`, the form without "=". */
  readonly legacy: boolean;
}

/** LABEL: pairs in the image's config. */
export interface Label extends Located {
  readonly kind: "label";
  readonly pairs: readonly KeyValue[];
  readonly legacy: boolean;
}

/** ARG: variables of the build. */
export interface Arg extends Located {
  readonly kind: "arg";
  readonly names: readonly { readonly name: Word; readonly value: Word | undefined }[];
}

/** CMD: what the image runs, or arguments of its ENTRYPOINT. */
export interface Cmd extends Located {
  readonly kind: "cmd";
  readonly command: Command;
}

/** ENTRYPOINT: what the image runs. */
export interface Entrypoint extends Located {
  readonly kind: "entrypoint";
  readonly command: Command;
}

/** EXPOSE: ports that the image listens at. */
export interface Expose extends Located {
  readonly kind: "expose";
  readonly ports: readonly Word[];
}

/** Durations in nanoseconds; 0 means inherited. */
export interface Healthcheck extends Located {
  readonly kind: "healthcheck";
  readonly test: "none" | Command;
  readonly interval: number;
  readonly timeout: number;
  readonly startPeriod: number;
  readonly startInterval: number;
  readonly retries: number;
}

/** MAINTAINER: the author, in the old way. */
export interface Maintainer extends Located {
  readonly kind: "maintainer";
  readonly name: string;
}

/** ONBUILD: an instruction for images that are built from this one. */
export interface Onbuild extends Located {
  readonly kind: "onbuild";
  /** The trigger as the image config stores it. */
  readonly text: string;
  readonly trigger: Instruction;
}

/** SHELL: what runs commands that are no lists. */
export interface Shell extends Located {
  readonly kind: "shell";
  readonly argv: readonly string[];
}

/** STOPSIGNAL: what stops the image's process. */
export interface Stopsignal extends Located {
  readonly kind: "stopsignal";
  readonly signal: Word;
}

/** USER: who runs later steps and the image. */
export interface User extends Located {
  readonly kind: "user";
  readonly user: Word;
}

/** VOLUME: directories that a runtime keeps beside the image. */
export interface Volume extends Located {
  readonly kind: "volume";
  readonly paths: readonly Word[];
}

/** WORKDIR: the directory of later steps and of the image. */
export interface Workdir extends Located {
  readonly kind: "workdir";
  readonly path: Word;
}

/** One instruction of a Dockerfile, syntax checked, nothing expanded. */
export type Instruction =
  | Add
  | Arg
  | Cmd
  | Copy
  | Entrypoint
  | Env
  | Expose
  | From
  | Healthcheck
  | Label
  | Maintainer
  | Onbuild
  | Run
  | Shell
  | Stopsignal
  | User
  | Volume
  | Workdir;

/** Parser directives (Dockerfile reference, "Parser directives"). */
export interface Directives {
  readonly escape: "\\" | "`";
  readonly syntax: string | undefined;
  readonly check: string | undefined;
}

/** A finding that does not stop the build (BuildKit's lint rules, by their names). */
export interface Warning {
  readonly rule: RuleName;
  readonly message: string;
  readonly at: Span;
}

/** A file, read: nothing in it is expanded yet. */
export interface Dockerfile {
  readonly source: Source;
  readonly directives: Directives;
  /** What the file, or a build argument in its place, says about findings (P10). */
  readonly checks: CheckOptions;
  readonly instructions: readonly Instruction[];
  /** Those that `checks` let through. */
  readonly warnings: readonly Warning[];
}
