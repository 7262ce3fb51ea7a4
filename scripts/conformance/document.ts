import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { readCases, type Case } from "./case.js";
import { table, type Row } from "./rows.js";

const root = join(import.meta.dirname, "../..");

/** Where the document is kept. */
export const documentFile = join(root, "docs/conformance.md");

const introduction = [
  "# Conformance",
  "",
  "Every feature of a build, row by row, and how tsbuild is tested against it. `npm run conformance -- --document` writes",
  "this page from the tests; a test compares the two.",
  "",
  "- **cases** are builds of `fixtures/conformance`. `npm run conformance` compares their images, file by file, with those of",
  "  docker's BuildKit and of buildah, if installed; every test run compares them with the recorded results.",
  "- **docker**, **buildah**: how many of the cases they agree with.",
  "- **tests**: the directories of `test/` with tests of the row.",
  "",
].join("\n");

/** The page: each row with its state. */
export async function conformanceDocument(): Promise<string> {
  const cases = readCases();
  const tested = testedRows();
  const sections = table.map(({ title, rows }) => {
    const lines = rows.map((row) =>
      line(row, casesOf(row, cases), tested.get(row.id) ?? new Set()),
    );
    const head =
      "| row | what | cases | docker | buildah | tests | state |\n| - | - | - | - | - | - | - |";
    return `## ${title}\n\n${head}\n${lines.join("\n")}\n`;
  });
  const text = [introduction, summary(cases), ...sections, differences(cases)].join("\n");
  return await format(text, { ...(await resolveConfig(documentFile)), parser: "markdown" });
}

function casesOf({ id }: Row, cases: readonly Case[]): readonly Case[] {
  return cases.filter(({ ids }) => ids.includes(id));
}

function line(
  { id, title, notOurs }: Row,
  cases: readonly Case[],
  rooms: ReadonlySet<string>,
): string {
  const cells = [
    id,
    title,
    count(cases),
    count(cases.filter(likeDocker)),
    count(cases.filter(likeBuildah)),
  ];
  const state = notOurs ?? stateOf(cases, rooms);
  return `| ${[...cells, [...rooms].sort().join(", "), state].join(" | ")} |`;
}

function count({ length }: readonly unknown[]): string {
  return length === 0 ? "" : String(length);
}

function stateOf(cases: readonly Case[], rooms: ReadonlySet<string>): string {
  const pending = cases.filter((item) => item.pending !== undefined).length;
  if (pending > 0) return pending === cases.length ? "not yet" : "in part";
  return cases.length > 0 || rooms.size > 0 ? "tested" : "not tested";
}

function likeDocker({ differs, pending, reviewed }: Case): boolean {
  return (differs ?? pending ?? reviewed) === undefined;
}

function likeBuildah({ recorded = "" }: Case): boolean {
  return /^#.*\bbuildah agrees\b/.test(recorded);
}

function summary(cases: readonly Case[]): string {
  const number = (matches: (item: Case) => boolean): number => cases.filter(matches).length;
  return `${cases.length} cases: ${number(likeDocker)} the same as docker, ${number(({ differs }) => differs !== undefined)} different on purpose, ${number(({ reviewed }) => reviewed !== undefined)} reviewed by hand, ${number(({ pending }) => pending !== undefined)} not yet right.\n`;
}

/** What is not as docker has it, with the reasons. */
function differences(cases: readonly Case[]): string {
  const list = (title: string, reason: (item: Case) => string | undefined): string => {
    const lines = cases.flatMap((item) => {
      const why = reason(item);
      return why === undefined ? [] : [`- \`${item.name}\`: ${item.title} But: ${why}.`];
    });
    return lines.length === 0 ? "" : `## ${title}\n\n${lines.join("\n")}\n`;
  };
  return [
    list("Different on purpose", ({ differs }) => differs),
    list("Not yet right", ({ pending }) => pending),
    list("Not comparable with docker", ({ reviewed }) => reviewed),
  ].join("\n");
}

/** Rooms of the tests that name each row, in a title or in the name of a fixture. */
function testedRows(): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  const note = (id: string, room: string): void => {
    found.set(id, (found.get(id) ?? new Set()).add(room));
  };
  for (const file of readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })) {
    const room = /^([^/.]+).*\.ts$/.exec(file)?.[1];
    if (room === undefined || room === "conformance") continue; // its samples name rows too
    const text = readFileSync(join(root, "test", file), "utf8");
    for (const [, id = ""] of text.matchAll(/\b([A-Z]\d\d)\b/g)) note(id, room);
  }
  for (const room of ["parser", "plan"]) {
    for (const name of readdirSync(join(root, "fixtures", room))) {
      const id = /^([a-z]\d\d)-/.exec(name)?.[1];
      if (id !== undefined) note(id.toUpperCase(), room);
    }
  }
  return found;
}
