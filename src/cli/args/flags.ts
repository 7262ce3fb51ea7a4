import { Command, CommanderError, Option } from "commander";
import { BuildError } from "../../error.js";
import { parseGoBoolean } from "../../go-boolean.js";
import { suggest } from "../../suggest.js";
import { HelpRequest, type Outline } from "./help-request.js";
import { unsupportedHints } from "./unsupported.js";
import { unsupported } from "./usage-error.js";

/** What a command is called and how its help reads. */
export interface Description {
  readonly name: string;
  /** The operands, such as "[flags] CONTEXT". */
  readonly usage: string;
  readonly summary: string;
  /** Lines after the flags: examples. */
  readonly examples: readonly string[];
  /** Flags that Docker has and tsbuild has not, by long or short name. */
  readonly unsupported?: readonly string[];
  /** How to say here what other builders have these flags for. */
  readonly foreign?: ReadonlyMap<string, string>;
  /** Flags after the first operand belong to the operand (`run IMAGE ls -l`). */
  readonly operandsEndFlags?: boolean;
}

/**
 * One command's flags, declared on commander. Each declaration returns a function that tells the
 * value once `parse` has run.
 */
export class Flags {
  readonly #command = new Command();
  /** By long and by short name, how to set it. */
  readonly #switches = new Map<string, (value: boolean) => void>();
  readonly #unsupported: readonly string[];
  readonly #foreign: ReadonlyMap<string, string>;
  readonly #name: string;
  #argv: readonly string[] = [];
  #help = "";

  constructor(description: Description) {
    this.#name = description.name;
    this.#unsupported = description.unsupported ?? [];
    this.#foreign = description.foreign ?? new Map();
    this.#command
      .name(description.name === "" ? "tsbuild" : `tsbuild ${description.name}`)
      .usage(description.usage)
      .description(description.summary)
      .exitOverride()
      // `docker run -h` is the host name
      .helpOption(this.#unsupported.includes("-h") ? "--help" : "-h, --help", "show this text")
      .allowExcessArguments()
      .showSuggestionAfterError(false)
      .passThroughOptions(description.operandsEndFlags ?? false)
      .configureOutput({
        writeOut: (text) => (this.#help += text),
        writeErr: () => undefined,
        getOutHelpWidth: () => 100,
        getOutHasColors: () => false,
      });
    if (description.examples.length > 0) {
      const lines = description.examples.map((line) => `  ${line}`);
      this.#command.addHelpText("after", ["", "Examples:", ...lines].join("\n"));
    }
  }

  /** Starts a new heading in the help. */
  group(heading: string): void {
    this.#command.optionsGroup(`${heading}:`);
  }

  /** `--flag`, `--flag=true` or `--flag=false`; the last one counts. */
  switch(flags: string, description: string, initial = false): () => boolean {
    return this.#switch(new Option(flags, description), initial);
  }

  /** A switch that the help does not show. */
  hiddenSwitch(flags: string): () => boolean {
    return this.#switch(new Option(flags).hideHelp(), false);
  }

  /** A switch without effect here, taken so that scripts written for Docker go on working. */
  ignored(flags: string): void {
    this.hiddenSwitch(flags);
  }

  /** A flag with a value that the help does not show; `take` is told each one. */
  hidden(flags: string, take: (text: string) => void): void {
    this.#listen(new Option(flags).hideHelp(), take);
  }

  /** A flag with a value; the last one counts, also one that `parse` takes for none. */
  one<T>(
    flags: string,
    description: string,
    parse: (text: string) => T | undefined,
  ): () => T | undefined {
    let value: T | undefined;
    this.#listen(new Option(flags, description), (text) => (value = parse(text)));
    return () => value;
  }

  /** A flag that may be given several times; those that `parse` takes for none do not count. */
  many<T>(
    flags: string,
    description: string,
    parse: (text: string) => T | undefined,
  ): () => readonly T[] {
    const values: T[] = [];
    this.#listen(new Option(flags, description), (text) => {
      const value = parse(text);
      if (value !== undefined) values.push(value);
    });
    return () => values;
  }

  /** Reads `argv` and returns the operands. */
  parse(argv: readonly string[]): readonly string[] {
    this.#argv = argv;
    this.#declareSettings();
    try {
      return this.#command.parse(argv, { from: "user" }).args;
    } catch (error) {
      if (error instanceof CommanderError) throw this.#explain(error);
      throw error;
    }
  }

  #switch(option: Option, initial: boolean): () => boolean {
    let value = initial;
    const set = (given: boolean): void => void (value = given);
    this.#listen(option, () => {
      set(true);
    });
    for (const name of [option.long, option.short]) if (name) this.#switches.set(name, set);
    return () => value;
  }

  /**
   * Declares each "--pull=true" and "-q=0" that is there as a flag of its own: commander gives no value
   * to a switch, so that "--pull ." keeps its operand.
   */
  #declareSettings(): void {
    for (const word of new Set(this.#argv)) {
      const [, name = "", text = ""] = /^(--?[^=]+)=(.*)$/s.exec(word) ?? [];
      const set = this.#switches.get(name);
      const value = parseGoBoolean(text);
      if (set === undefined || value === undefined) continue;
      const option = new Option(name.startsWith("--") ? word : `-${word}`).hideHelp();
      if (!name.startsWith("--")) option.short = word;
      this.#listen(option, () => {
        set(value);
      });
    }
  }

  #listen(option: Option, take: (text: string) => void): void {
    this.#command.addOption(option);
    this.#command.on(`option:${option.name()}`, (text: string) => {
      take(this.#isShort(option, text) ? text.slice(1) : text);
    });
  }

  /** Docker takes "-t=web" for "-t web", and commander for a value "=web". */
  #isShort({ short }: Option, text: string | null): boolean {
    if (short === undefined || !text?.startsWith("=")) return false;
    const end = `${short.slice(1)}${text}`;
    return this.#argv.some((word) => /^-[^-]/.test(word) && word.endsWith(end));
  }

  #explain(error: CommanderError): Error {
    const word = /'(.*?)'/s.exec(error.message)?.[1] ?? "";
    switch (error.code) {
      case "commander.helpDisplayed":
        return new HelpRequest(this.#help, this.#outline());
      case "commander.optionMissingArgument":
        return new BuildError("USAGE", `Cannot use ${flagOf(word)}: its value is missing`);
      case "commander.unknownOption":
        return this.#unknown(word);
      default:
        return error;
    }
  }

  #outline(): Outline {
    const shown = this.#command.options.filter(({ hidden }) => !hidden);
    const flags = shown.map(({ long = "", short, description, required }) => {
      const names = short === undefined ? [long] : [long, short];
      return { names, description, hasValue: required };
    });
    return { usage: this.#command.usage(), summary: this.#command.description(), flags };
  }

  #unknown(unknown: string): BuildError {
    // of "-q=maybe" commander takes the switch away
    const isRest = unknown.startsWith("-=");
    const word = (isRest && this.#argv.find((one) => one.endsWith(unknown.slice(1)))) || unknown;
    const [flag = word] = word.split("=");
    if (this.#unsupported.includes(flag)) return unsupported(flag, unsupportedHints.get(flag));
    if (this.#switches.has(flag)) {
      return new BuildError("USAGE", `Cannot use "${word}": ${flag} takes true or false`);
    }
    const ours = this.#foreign.get(flag);
    if (ours !== undefined) {
      return new BuildError("USAGE", `Cannot use ${flag}: no such flag here`, { hint: ours });
    }
    const names = this.#command.options.flatMap(({ hidden, long }) => (hidden ? [] : (long ?? [])));
    const near = flag.startsWith("--") ? suggest(flag, names) : undefined;
    const hint = near === undefined ? `see ${this.#helpCommand()}` : `did you mean ${near}?`;
    return new BuildError("USAGE", `Cannot use ${flag}: no such flag`, { hint });
  }

  #helpCommand(): string {
    return this.#name === "" ? "tsbuild --help" : `tsbuild ${this.#name} --help`;
  }
}

/** "-t, --tag <name>" as commander says it is "--tag" here. */
function flagOf(declaration: string): string {
  return /--[\w-]+/.exec(declaration)?.[0] ?? declaration;
}
