/** A Dockerfile (or another text the user wrote), kept so that errors can show an excerpt. */
export interface Source {
  /** What the user calls it: "Dockerfile", "docker/web.Dockerfile", "-" for standard input. */
  readonly name: string;
  readonly text: string;
}

/** A range of a source, in UTF-16 offsets; `end` is exclusive. */
export interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** The line on which a span begins, counted from 1. */
export function lineOf({ source, start }: Span): number {
  const { text } = source;
  const last = counted.get(source);
  let { line, feed } = last !== undefined && last.feed < start ? last : { line: 1, feed: -1 };
  for (let next = text.indexOf("\n", feed + 1); next >= 0 && next < start; line++) {
    feed = next;
    next = text.indexOf("\n", feed + 1);
  }
  counted.set(source, { line, feed });
  return line;
}

/** The last line asked for, and the line feed before it: thousands of findings are asked for in order. */
const counted = new WeakMap<Source, { readonly line: number; readonly feed: number }>();

/** Stable names of everything that can go wrong for a user. */
export type BuildErrorCode =
  | "AUTH"
  | "CANCELLED"
  | "CHECK"
  | "CONTEXT"
  | "COPY"
  | "DIGEST_MISMATCH"
  | "EXPANSION"
  | "IGNORE_FILE"
  | "IMAGE_NOT_FOUND"
  | "INVALID_ARCHIVE"
  | "INVALID_IMAGE"
  | "INVALID_REFERENCE"
  | "NOT_AN_IMAGE"
  | "NO_RUNTIME"
  | "NO_SPACE"
  | "NO_SUBORDINATE_IDS"
  | "OUTPUT"
  | "PLATFORM"
  | "REGISTRY"
  | "REMOTE"
  | "RUN_FAILED"
  | "SANDBOX"
  | "SOURCE_NOT_FOUND"
  | "STAGE"
  | "STORE"
  | "SYNTAX"
  | "SYSTEM"
  | "UNSET_VARIABLE"
  | "UNSUPPORTED"
  | "USAGE"
  | "USER_NOT_FOUND";

/** What a failure tells besides its message. */
export interface BuildErrorContext {
  /** The text to underline. */
  readonly at?: Span | undefined;
  /** What to do about it, without a final full stop. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/**
 * A failure the user can act on. Anything else that escapes is a bug in tsbuild.
 * The message starts with what could not be done, quotes the user's value and has no final full stop.
 */
export class BuildError extends Error {
  override readonly name = "BuildError";
  readonly code: BuildErrorCode;
  readonly at: Span | undefined;
  readonly hint: string | undefined;

  constructor(
    code: BuildErrorCode,
    message: string,
    { at, hint, ...options }: BuildErrorContext = {},
  ) {
    super(message, options);
    this.code = code;
    this.at = at;
    this.hint = hint;
  }
}

/** The same failure, pointing at `at` unless it already points somewhere; where it has no hint, with this one. */
export function locate(error: unknown, at: Span, otherHint?: string): unknown {
  if (!(error instanceof BuildError) || error.at !== undefined) return error;
  const { code, message, hint = otherHint, cause } = error;
  return new BuildError(code, message, { at, hint, cause });
}
