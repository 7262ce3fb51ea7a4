import { assert } from "chai";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { accounts, type Account } from "./accounts.js";
import { loadBusybox, loadDebian } from "./base-images.js";
import { program, run, type Result, type RunOptions } from "./run.js";
import { makeDirectory, removeDirectory, writeFiles, type Files } from "./temporary.js";

/** One account with a store and a directory of its own: what a suite works in. */
export class Site {
  readonly account: Account;
  #root = "";
  #directory = "";
  #contexts = 0;

  constructor(account: Account) {
    this.account = account;
  }

  /** TSBUILD_ROOT. */
  get root(): string {
    return this.#root;
  }

  /** For contexts and outputs; empty at first. */
  get directory(): string {
    return this.#directory;
  }

  open(root: string): void {
    this.#root = root;
    this.#directory = makeDirectory(this.account);
  }

  async close(): Promise<void> {
    await removeDirectory(this.#directory, this.account);
  }

  /** Runs tsbuild to its end, whatever that is. */
  async tsbuild(argv: readonly string[], options: RunOptions = {}): Promise<Result> {
    return await run(this.account, [program, ...argv], {
      cwd: this.#directory,
      ...options,
      env: this.env(options.env),
    });
  }

  /** Runs tsbuild, which must succeed. */
  async ok(argv: readonly string[], options: RunOptions = {}): Promise<Result> {
    const result = await this.tsbuild(argv, options);
    assert.strictEqual(result.code, 0, `tsbuild ${argv.join(" ")}\n${result.stderr}`);
    return result;
  }

  env(more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
    return { TSBUILD_ROOT: this.#root, ...more };
  }

  /** A new context directory with these files. */
  context(files: Files): string {
    const name = `context-${++this.#contexts}`;
    this.write(name, files);
    return join(this.#directory, name);
  }

  /** Adds or replaces files of a directory below this site's. */
  write(name: string, files: Files): void {
    const directory = name.startsWith("/") ? name : join(this.#directory, name);
    writeFiles(directory, { ".made": "", ...files }, this.account);
  }

  /** Runs a shell script in an image of the store, as root there; answers its standard output. */
  async look(image: string, script: string): Promise<string> {
    const argv = ["run", "--network=none", "-u", "0", "--entrypoint", "sh", image, "-c", script];
    return (await this.ok(argv)).stdout;
  }

  /** Names in work/ of the store: one for each process that has not finished. */
  work(): readonly string[] {
    return readdirSync(join(this.#root, "work"));
  }
}

export interface SiteOptions {
  /** A store that no other suite uses. */
  readonly own?: boolean;
  /** The suite builds upon debian:bookworm, too. */
  readonly debian?: boolean;
}

/** Describes something for every account, each with a store that knows busybox. */
export function describeForAccounts(
  title: string,
  tests: (site: Site) => void,
  { own = false, debian = false }: SiteOptions = {},
): void {
  for (const account of accounts) {
    describe(`${title}, as ${account.title}`, () => {
      const site = new Site(account);

      before(async () => {
        site.open(own ? await newStore(account) : await sharedStore(account));
        if (debian) await debianIn(site);
      });

      after(async () => {
        await site.close();
        if (own) await removeDirectory(site.root, account);
      });

      tests(site);
    });
  }
}

const shared = new Map<Account, Promise<string>>();
const withDebian = new Set<string>();

async function sharedStore(account: Account): Promise<string> {
  const known = shared.get(account) ?? newStore(account);
  shared.set(account, known);
  return await known;
}

async function newStore(account: Account): Promise<string> {
  const root = makeDirectory(account, "tsbuild e2e, '$x':"); // a name that every tool must be told whole
  await loadBusybox(account, root);
  return root;
}

async function debianIn({ account, root }: Site): Promise<void> {
  if (withDebian.has(root)) return;
  await loadDebian(account, root);
  withDebian.add(root);
}

after(async () => {
  for (const [account, root] of shared) await removeDirectory(await root, account);
});
