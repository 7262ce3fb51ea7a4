/** What a command takes, for completion. */
export interface Outline {
  /** As in `Description`. */
  readonly usage: string;
  readonly summary: string;
  readonly flags: readonly FlagOutline[];
}

/** A flag that the help shows. */
export interface FlagOutline {
  /** "--tag", "-t". */
  readonly names: readonly string[];
  readonly description: string;
  readonly hasValue: boolean;
}

/** Thrown to leave the parser when `--help` was given. */
export class HelpRequest extends Error {
  /** Undefined of what has only commands of its own. */
  readonly outline: Outline | undefined;

  constructor(help: string, outline?: Outline) {
    super(help);
    this.outline = outline;
  }
}
