import { createHash, hash, randomUUID } from "node:crypto";
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type {
  KeptLook,
  KeptSelection,
  LookDraft,
  LookMemory,
  WholeLook,
} from "../context/look-memory.js";
import type { Clock } from "./file-index.js";
import { frameOf, headerSize, readLookFile } from "./look-file.js";
import { DAY } from "../time.js";

/** Queries of one context; the oldest go first. */
const MOST = 16;
/** Half of what the file index keeps: what a look vouches for is not looked up in there. */
const keptDays = 7;

/** The looks at one context on this machine, each in a file of its own (docs/formats.md). */
export class SavedLooks implements LookMemory {
  readonly #prefix: string;
  readonly #work: string;
  readonly #today: number;

  /** Their files begin with `prefix`; what is on its way is in `work`, on the same filesystem. */
  constructor(prefix: string, work = dirname(prefix), now: Clock = Date.now) {
    this.#prefix = prefix;
    this.#work = work;
    this.#today = Math.floor(now() / DAY);
  }

  get(query: string): KeptLook | undefined {
    const kept = readLookFile(this.#file(query));
    if (kept?.query !== query) return undefined;
    const age = this.#today - kept.day;
    return age >= 0 && age < keptDays ? kept : undefined;
  }

  draft(): LookDraft {
    return new Draft(
      this.#path(),
      async (partial, query) => {
        await mkdir(dirname(this.#prefix), { recursive: true, mode: 0o700 });
        await rename(partial, this.#file(query));
        this.#forget();
      },
      this.#today,
    );
  }

  async keep({ look, text, ...head }: WholeLook): Promise<void> {
    const partial = this.#path();
    const sizes = { look: look.byteLength, text: text.byteLength };
    const { header, end } = frameOf({ ...head, digest: hash("sha256", look, "hex") }, sizes);
    try {
      await writeFile(partial, [header, look, text, end], { flag: "wx", mode: 0o600 });
      await rename(partial, this.#file(head.query));
    } catch {
      // not kept: the next build looks at all files
      await rm(partial, { force: true }).catch(() => undefined);
    }
  }

  /** Of one on its way. */
  #path(): string {
    return join(this.#work, `look-${randomUUID()}`);
  }

  #file(query: string): string {
    return `${this.#prefix}.${query.slice(0, 16)}.look`;
  }

  #forget(): void {
    const [directory, prefix] = [dirname(this.#prefix), basename(this.#prefix)];
    const isLook = (name: string): boolean => name.startsWith(prefix) && name.endsWith(".look");
    const paths = readdirSync(directory)
      .filter(isLook)
      .map((name) => join(directory, name));
    if (paths.length <= MOST) return;
    const ages = new Map(paths.map((path) => [path, statSync(path).mtimeMs]));
    paths.sort((a, b) => (ages.get(b) ?? 0) - (ages.get(a) ?? 0));
    for (const path of paths.slice(MOST)) rmSync(path, { force: true });
  }
}

/** What is not kept costs time, nothing else: so nothing in here fails. */
class Draft implements LookDraft {
  readonly #path: string;
  readonly #publish: (partial: string, query: string) => Promise<void>;
  readonly #today: number;
  readonly #sizes = { look: 0, text: 0 };
  readonly #sha256 = createHash("sha256");
  #fd: number | undefined;
  #isOver = false;

  constructor(
    path: string,
    publish: (partial: string, query: string) => Promise<void>,
    today: number,
  ) {
    this.#path = path;
    this.#publish = publish;
    this.#today = today;
  }

  look(bytes: Uint8Array): void {
    this.#write(bytes);
    this.#sizes.look += bytes.byteLength;
    this.#sha256.update(bytes);
  }

  text(bytes: Uint8Array): void {
    this.#write(bytes);
    this.#sizes.text += bytes.byteLength;
  }

  /** Off this thread: to take the place of a large file takes as long as freeing that. */
  async keep(query: string, selected: KeptSelection): Promise<void> {
    this.#try((fd) => {
      const digest = this.#sha256.digest("hex");
      const { header, end } = frameOf({ day: this.#today, digest, query, selected }, this.#sizes);
      writeFully(fd, end, headerSize + this.#sizes.look + this.#sizes.text);
      writeFully(fd, header, 0);
    });
    if (this.#isOver) return;
    this.#end();
    try {
      await this.#publish(this.#path, query);
    } catch {
      // as in `SavedLooks.keep`
      await rm(this.#path, { force: true }).catch(() => undefined);
    }
  }

  #write(bytes: Uint8Array): void {
    const { look, text } = this.#sizes;
    this.#try((fd) => {
      writeFully(fd, bytes, headerSize + look + text);
    });
  }

  #try(write: (fd: number) => void): void {
    if (this.#isOver) return;
    try {
      write((this.#fd ??= this.#open()));
    } catch {
      this[Symbol.dispose](); // as in `SavedLooks.keep`
    }
  }

  #open(): number {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    return openSync(this.#path, "wx", 0o600);
  }

  /** Answers whether there is a file. */
  #end(): boolean {
    this.#isOver = true;
    if (this.#fd === undefined) return false;
    closeSync(this.#fd);
    this.#fd = undefined;
    return true;
  }

  [Symbol.dispose](): void {
    if (this.#end()) rmSync(this.#path, { force: true });
  }
}

function writeFully(fd: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.byteLength;)
    at += writeSync(fd, bytes, at, bytes.byteLength - at, position + at);
}
