// Runs the test tiers and adds up their counts; the last line is the sum. Two tiers run at a time, as half of what they do
// is to wait for the programs that they start; each is printed when it ends.
// As root, TSBUILD_TEST_ACCOUNT names the ordinary user for whom the sandbox tests run once more.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const account = process.env.TSBUILD_TEST_ACCOUNT;
const scratch = mkdtempSync(join(tmpdir(), "tsbuild-counts-"));
const counts = join(scratch, "counts");
writeFileSync(counts, "");
chmodSync(scratch, 0o755);
chmodSync(counts, 0o666); // the ordinary user appends to it too

const privateMounts = ["unshare", "--mount", "--propagation", "private"];
const ownNamespaces = ["unshare", "--user", "--map-auto", "--map-root-user", "--mount"];
const asUser = account === undefined ? [] : ["runuser", "-u", account, "--"];

const sandboxTests = ["test/**/*.sandbox.test.ts"];
const endToEndTests = ["test/e2e/**/*.test.ts"];
const roomTiers = [
  {
    name: "unit",
    specs: ["test/**/*.test.ts", "--ignore", sandboxTests[0], "--ignore", endToEndTests[0]],
    enter: [],
  },
  ...(process.getuid() === 0
    ? [{ name: "sandbox, as root", specs: sandboxTests, enter: privateMounts }]
    : []),
  {
    name: "sandbox, as an ordinary user",
    specs: sandboxTests,
    enter: [...asUser, ...ownNamespaces],
    home: account === undefined ? process.env.HOME : `/home/${account}`,
  },
];
const endToEndTiers = [
  { name: "end to end", specs: endToEndTests, enter: [] },
  ...(process.getuid() === 0
    ? [
        {
          name: "end to end, as root with the directory driver",
          specs: [
            "cache",
            "contexts",
            "dockerfiles",
            "instructions",
            "leaks",
            "outputs",
            "run",
          ].map((suite) => `test/e2e/${suite}.test.ts`), // the others see no filesystem states, or see them as the ordinary user with this driver
          enter: [],
          extra: { TSBUILD_TEST_SNAPSHOTTER: "directory" },
        },
      ]
    : []),
];

let failed = false;
await Promise.all([roomTiers, endToEndTiers].map(runInTurn));

async function runInTurn(tiers) {
  for (const tier of tiers) {
    const { output, code } = await run(tier);
    console.log(`\n== ${tier.name}\n${output}`);
    if (code !== 0) failed = true;
  }
}

async function run({ specs, enter, extra, home = process.env.HOME }) {
  const mocha = [
    "node",
    "node_modules/mocha/bin/mocha.js",
    "--reporter",
    "test/support/reporter.cjs",
    "--exit", // whatever a failed test left open
  ];
  const [command, ...args] = [...enter, ...mocha, ...specs];
  const env = { ...process.env, HOME: home, TSBUILD_TEST_COUNTS: counts, ...extra };
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => output.push(data));
  const [code] = await once(child, "close");
  return { output: Buffer.concat(output).toString(), code };
}

const runs = readFileSync(counts, "utf8")
  .trim()
  .split("\n")
  .filter(Boolean)
  .map((line) => JSON.parse(line));
rmSync(scratch, { recursive: true });
if (runs.length !== roomTiers.length + endToEndTiers.length) failed = true; // a run died before it could count
const sum = (pick) => runs.reduce((total, run) => total + pick(run), 0);
const skipped = runs.flatMap((run) => run.skipped);
for (const title of skipped) console.log(`skipped: ${title}`);
if (process.env.CI && skipped.length > 0) failed = true; // on CI nothing may be left out
const counted = [sum((run) => run.passed), sum((run) => run.failed), skipped.length];
console.log(`${counted[0]} passed, ${counted[1]} failed, ${counted[2]} skipped`);
process.exit(failed ? 1 : 0);
