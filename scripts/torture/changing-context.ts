import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Account } from "../../test/e2e/support/accounts.js";
import { writeFiles, type Files } from "../../test/e2e/support/temporary.js";
import type { Chance } from "./chance.js";
import type { Project } from "./projects.js";

/** So many that a look at them is kept (docs/adr/0008). */
const FILES = 600;
const DIRECTORIES = 20;
/** The files that differ from state to state: each so manyth. */
const DIFFERENT = 7;

const dockerfile = (base: string): string => `FROM ${base}
COPY . /all/
COPY d1 d2/1* /some/
`;

/** A context whose files change while it is built, and that is put in one of a few states then. */
export class ChangingContext {
  /** Each in the same directory. */
  readonly states: readonly Project[];
  readonly #context: string;
  /** Where links lead: what is written through them must do no harm. */
  readonly #outside: string;
  readonly #account: Account;
  readonly #files: readonly Files[];
  readonly #names: readonly string[];

  constructor(context: string, { base, account }: { base: string; account: Account }) {
    const numbers = [0, 1, 2];
    this.states = numbers.map((state) => ({ name: `changing-${state}`, context }));
    this.#context = context;
    this.#outside = `${context}.outside`;
    this.#account = account;
    this.#files = numbers.map((state) => ({ Dockerfile: dockerfile(base), ...filesOf(state) }));
    this.#names = Object.keys(filesOf(0));
  }

  /** Writes what is not as it is in that state, and removes what is not in it; all else keeps its inode and times. */
  settle(state: Project): void {
    const files = this.#files[this.states.indexOf(state)] ?? {};
    mkdirSync(this.#context, { recursive: true });
    writeFiles(this.#outside, { file: "not in the context" }, this.#account);
    this.#removeOthers(files);
    const isOther = ([name, text]: [string, unknown]): boolean =>
      !this.#exists(name) || readFileSync(this.#path(name), "utf8") !== text;
    writeFiles(
      this.#context,
      Object.fromEntries(Object.entries(files).filter(isOther)),
      this.#account,
    );
  }

  /** Changes something, or nothing where what it would change is gone. */
  change(chance: Chance): void {
    const name = chance.of(this.#names);
    const path = this.#path(name);
    const other = `${path}~`;
    const directory = dirname(path);
    const write = (): void => {
      const text = chance.of(this.#files)[name] ?? "";
      writeFiles(this.#context, { [name]: text }, this.#account);
    };
    const changes = [
      write,
      () => {
        const { atime, mtime } = lstatSync(path);
        write();
        utimesSync(path, atime, mtime);
      },
      () => {
        renameSync(path, other);
        write();
      },
      () => {
        truncateSync(path, 1);
      },
      () => {
        appendFileSync(path, "more");
      },
      () => {
        rmSync(path);
        mkdirSync(path);
      },
      () => {
        renameSync(path, other);
        symlinkSync(join(this.#outside, "file"), path);
      },
      () => {
        renameSync(directory, `${directory}~`);
        symlinkSync(this.#outside, directory);
      },
    ];
    try {
      chance.of(changes)();
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
    }
  }

  #removeOthers(files: Files): void {
    const directories = new Set(Object.keys(files).map(dirname));
    for (const name of readdirSync(this.#context, { encoding: "utf8", recursive: true })) {
      if (!this.#exists(name)) continue; // what it was in is gone
      const stat = lstatSync(this.#path(name));
      const stays = stat.isDirectory() ? directories.has(name) : stat.isFile() && name in files;
      if (!stays) rmSync(this.#path(name), { recursive: true });
    }
  }

  #exists(name: string): boolean {
    return lstatSync(this.#path(name), { throwIfNoEntry: false }) !== undefined;
  }

  #path(name: string): string {
    return join(this.#context, name);
  }
}

function filesOf(state: number): Record<string, string> {
  const files: Record<string, string> = {};
  for (let i = 0; i < FILES; i++) {
    const content = `${i} in ${i % DIFFERENT === 0 ? state : 0}\n`;
    files[`d${i % DIRECTORIES}/${i}`] = content.repeat(1 + (i % 50));
  }
  return files;
}
