import { assert } from "chai";
import { execFileSync } from "node:child_process";
import { parseCommand } from "../../../src/cli/parse-command.js";

function script(shell: string): string {
  const command = parseCommand(["completion", shell]);
  return command.kind === "help" ? command.text : assert.fail(`${shell} has no script`);
}

/** What bash offers at the end of that line, where the store has three names. */
function offered(line: string): string {
  const names = "web:latest\nweb:2\nregistry.example:5000/team/app:1\n";
  const text = `${script("bash")}
tsbuild() { if [ "$1" = images ]; then printf '${names.replaceAll("\n", "\\n")}'; fi; }
COMP_LINE=$1 COMP_POINT=\${#1}
_tsbuild
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const argv = ["--noprofile", "--norc", "-c", text, "bash", line];
  return execFileSync("bash", argv, { encoding: "utf8" }).trim().split("\n").join(" ");
}

const cases: readonly (readonly [line: string, want: string])[] = [
  ["tsbuild im", "images imagetools import"],
  ["tsbuild run w", "web:latest web:2"],
  ["tsbuild run web:", "latest 2"],
  ["tsbuild run registry.example:50", "5000/team/app:1"],
  ["tsbuild tag web:2 w", "web:latest web:2"],
  ["tsbuild run --net", "--network"],
  ["tsbuild run --network h", "host"],
  ["tsbuild --progress p", "plain"],
  ["tsbuild -t web --no-c", "--no-cache --no-cache-filter"],
  ["tsbuild build --no-cache-f", "--no-cache-filter"],
  ["tsbuild save -o ", ""],
  ["tsbuild . ", ""],
  ["tsbuild imagetools ", "create inspect"],
  ["tsbuild imagetools create --pre", "--prefer-index"],
  ["tsbuild history b", "builds"],
  ["tsbuild history rm --a", "--all"],
  ["tsbuild prune --re", "--reserved-space"],
  ["tsbuild help exp", "explain export"],
  ["tsbuild completion z", "zsh"],
];

describe("tsbuild completion", () => {
  for (const [line, want] of cases) {
    it(`Q07 bash offers ${want || "files alone"} for "${line}"`, () => {
      assert.strictEqual(offered(line), want);
    });
  }

  it("Q07 bash offers every command and flag that the help names", () => {
    const overview = parseCommand(["--help"]);
    assert.strictEqual(overview.kind, "help");
    if (overview.kind !== "help") return;
    const names = [...overview.text.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name = ""]) => name);
    const commands = offered("tsbuild ").split(" ");
    assert.includeMembers(commands, names);
    for (const name of names.filter((each) => each !== "help" && each !== "version")) {
      const command = parseCommand([name, "--help"]);
      const help = command.kind === "help" ? command.text : "";
      const flags = [...help.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag = ""]) => flag);
      const known = flags.filter((flag) => flag !== "--help");
      assert.includeMembers(offered(`tsbuild ${name} --`).split(" "), known, name);
    }
  });

  for (const [shell, lines] of [
    ["fish", ["complete -c tsbuild -n '__tsbuild_is run' -f -a '(__tsbuild_images)'"]],
    [
      "zsh",
      ["'run') _arguments -s ", "'*--tty[give the command this terminal, including its input]'"],
    ],
  ] as const) {
    it(`Q07 has a script for ${shell}, with commands, flags and images`, () => {
      for (const line of lines) assert.include(script(shell), line);
      assert.match(script(shell), /images --filter dangling=false/);
      assert.match(script(shell), /no-cache-filter/);
    });
  }

  it("says which shells there are", () => {
    assert.throws(() => script("bsh"), 'Cannot use SHELL "bsh": want bash, fish, zsh');
  });
});
