import { BuildError, locate, type Span } from "../error.js";
import { parseDigest } from "../oci/digest.js";
import type { Add, Copy } from "../parser/instruction.js";
import { gitSource, parseGitUrl, type GitUrl } from "./git-url.js";
import { httpSource, isHttpUrl, type RemoteSource } from "./remote-source.js";
import type { CopyStep } from "./step.js";

/** The sources of an instruction with the flags that concern what is downloaded, all expanded. */
export interface WrittenSources {
  readonly words: readonly SourceWord[];
  readonly checksum: string | undefined;
  readonly keepGitDir: boolean | undefined;
  readonly unpack: boolean | undefined;
}

interface SourceWord {
  readonly text: string;
  readonly at: Span;
}

/** Patterns of COPY, and patterns, URLs and git repositories of ADD (C20, C22 to C24). */
export function readSources(copy: Add | Copy, written: WrittenSources): CopyStep["sources"] {
  const sources = written.words.map((word) => readSource(copy, word, written));
  if (written.checksum !== undefined) checkChecksum(copy, sources);
  return sources;
}

function readSource(
  { kind }: Add | Copy,
  word: SourceWord,
  written: WrittenSources,
): RemoteSource | string {
  try {
    const git = parseGitUrl(word.text);
    if (git === undefined && !isHttpUrl(word.text)) return word.text;
    if (kind === "copy") throw notForCopy(word, git === undefined ? "a URL" : "a git ref");
    return git === undefined ? readUrl(word, written) : readGit(git, word, written);
  } catch (error) {
    throw locate(error, word.at);
  }
}

function notForCopy({ text }: SourceWord, what: string): BuildError {
  return new BuildError("COPY", `Cannot copy "${text}": source can't be ${what} for COPY`, {
    hint: "ADD reads from the network, COPY does not",
  });
}

function readUrl({ text }: SourceWord, { checksum, unpack }: WrittenSources): RemoteSource {
  if (!URL.canParse(text)) throw new BuildError("COPY", `Cannot add "${text}": it is not a URL`);
  const digest = checksum === undefined ? undefined : parseDigest(checksum);
  return httpSource(text, { checksum: digest, unpack: unpack ?? false });
}

function readGit(
  git: GitUrl,
  { text }: SourceWord,
  { checksum, keepGitDir }: WrittenSources,
): RemoteSource {
  const conflict = (what: string, ours: string, theirs: string): BuildError =>
    new BuildError("COPY", `Cannot add "${text}": ${what} is ${ours} by flag and ${theirs} by URL`);
  const promised = checksum ?? git.checksum;
  if (git.checksum !== undefined && promised !== git.checksum) {
    throw conflict("the checksum", promised ?? "", git.checksum);
  }
  if (promised !== undefined && !/^[0-9a-f]{1,64}$/.test(promised)) {
    const why = `the checksum "${promised}" is not a commit`;
    throw new BuildError("COPY", `Cannot add "${text}": ${why}`, {
      hint: "a commit is named by its hexadecimal id, or the beginning of it",
    });
  }
  const keep = keepGitDir ?? git.keepGitDir;
  if (git.keepGitDir !== undefined && keep !== git.keepGitDir) {
    throw conflict("keep-git-dir", String(keep), String(git.keepGitDir));
  }
  return gitSource({ ...git, checksum: promised, keepGitDir: keep });
}

function checkChecksum(copy: Add | Copy, sources: CopyStep["sources"]): void {
  const count = copy.sources.length;
  const local = sources.some((source) => typeof source === "string") || sources.length < count;
  if (count === 1 && !local) return;
  const why =
    count > 1
      ? "checksum can't be specified for multiple sources"
      : "checksum requires HTTP(S) or Git sources";
  const flag = copy.flags.find(({ name }) => name === "checksum");
  throw new BuildError("COPY", `Cannot use --checksum: ${why}`, { at: flag?.at ?? copy.at });
}
