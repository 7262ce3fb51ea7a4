import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** What to make below a directory: text is a file, `{ symlink }` a link, `{}` an empty directory. */
export type Layout = Readonly<Record<string, string | { readonly symlink?: string }>>;

/** A directory that is removed after the tests of the enclosing suite. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-test-"));
  after(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

/** Makes these files below `root`, parents included. */
export function populate(root: string, layout: Layout): void {
  for (const [path, what] of Object.entries(layout)) {
    const host = join(root, path);
    mkdirSync(dirname(host), { recursive: true });
    if (typeof what === "string") writeFileSync(host, what);
    else if (what.symlink !== undefined) symlinkSync(what.symlink, host);
    else mkdirSync(host, { recursive: true });
  }
}

let count = 0;

/** A new directory below `parent` with these files. */
export function directoryWith(parent: string, layout: Layout): string {
  const root = join(parent, `d${count++}`);
  mkdirSync(root);
  populate(root, layout);
  return root;
}
