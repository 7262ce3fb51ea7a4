import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../bench/command.js";
import { ResourceStack } from "../../src/store/resource-stack.js";
import { prepareBases } from "./bases.js";
import { openPeers } from "./builders/all.js";
import { tsbuild } from "./builders/tsbuild.js";
import { readCases, type Case } from "./case.js";
import { conformanceDocument, documentFile } from "./document.js";
import { buildByAll } from "./build-case.js";
import { inParallel } from "./in-parallel.js";
import { layOut } from "./lay-out.js";
import { readOptions, usage, type Options } from "./options.js";
import { recordResults } from "./record-results.js";
import { Report } from "./report.js";

const options = readOptions(process.argv.slice(2));
if (options === undefined) console.log(usage);
else process.exitCode = await run(options);

async function run(options: Options): Promise<number> {
  if (options.document) {
    writeFileSync(documentFile, await conformanceDocument());
    return 0;
  }
  const cases = readCases(options.only);
  if (options.layOut !== undefined) {
    layOutAll(cases, options.layOut);
    return 0;
  }
  return await compare(cases, options);
}

function layOutAll(cases: readonly Case[], directory: string): void {
  for (const item of cases) {
    const place = join(directory, item.name);
    mkdirSync(place, { recursive: true });
    layOut(item, place);
    console.log([...item.args, item.context].join(" "), place);
  }
}

async function compare(cases: readonly Case[], { peers: names, record }: Options): Promise<number> {
  await using stack = new ResourceStack();
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-conformance-"));
  stack.use({
    [Symbol.asyncDispose]: async () => {
      await runCommand({ argv: ["rm", "-rf", directory] });
    },
  });
  const { archive: busybox, images: bases } = await prepareBases(directory);
  const root = join(directory, "tsbuild");
  mkdirSync(root);
  const ours = stack.use(await tsbuild({ root, busybox }));
  const peers = await openPeers(stack, { names, directory, busybox, tell });
  for (const { name, version } of [ours, ...peers]) tell(`${name}: ${version}`);

  const report = new Report(bases);
  await inParallel(cases, async (item) => {
    try {
      const results = await buildByAll(item, [ours, ...peers], join(directory, item.name));
      report.add(record ? recordResults(item, results, bases) : item, results);
    } catch (error) {
      report.addFault(item, String(error));
    }
  });
  console.log(report.text());
  return report.failed ? 1 : 0;
}

function tell(text: string): void {
  console.error(text);
}
