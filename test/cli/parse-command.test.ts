import { assert } from "chai";
import { checkCall } from "../../src/cli/args/call.js";
import { intoStore, parseOutput, usualForm } from "../../src/cli/args/output.js";
import type { BuildCommand } from "../../src/cli/build-command.js";
import type { Command } from "../../src/cli/command.js";
import { parseCommand } from "../../src/cli/parse-command.js";
import { BuildError, type BuildErrorCode } from "../../src/error.js";

const plainBuild: BuildCommand = {
  kind: "build",
  context: ".",
  file: undefined,
  tags: [],
  target: undefined,
  buildArgs: [],
  buildContexts: new Map(),
  platforms: [],
  provenance: undefined,
  sbom: undefined,
  labels: new Map(),
  network: "default",
  addHosts: [],
  shmSize: undefined,
  ulimits: [],
  resources: {},
  cgroupParent: undefined,
  secrets: [],
  ssh: [],
  noCache: false,
  noCacheFilter: [],
  pull: false,
  outputs: [],
  cacheFrom: [],
  cacheTo: [],
  reproducible: false,
  iidFile: undefined,
  metadataFile: undefined,
  progress: undefined,
  quiet: false,
  jobs: undefined,
  allow: new Set(),
  allowDevices: [],
  call: undefined,
  warnings: [],
  debug: false,
};

const local = parseOutput("out");
const engine = { ...usualForm, type: "docker", dest: undefined } as const;
const annotation = { place: "manifest", platform: undefined, key: "a", value: "b" } as const;

/** A command line as a shell without quotes would split it. */
function words(line: string): readonly string[] {
  return line.split(" ").filter((word) => word !== "");
}

describe("parseCommand() of a build", () => {
  const cases: readonly (readonly [string, Partial<BuildCommand>])[] = [
    [".", {}],
    ["build .", {}],
    ["-t web .", { tags: ["web"] }],
    [". -t web", { tags: ["web"] }],
    ["-twebsite --tag=b .", { tags: ["website", "b"] }],
    [
      "-t=web -qf=a -m=1g .",
      { tags: ["web"], quiet: true, file: "a", resources: { memory: 2 ** 30 } },
    ],
    ["--file==a .", { file: "=a" }],
    ["--file a --file= --target a --target= .", {}],
    ["--network none --network= --iidfile a --iidfile= .", {}],
    ["--metadata-file= --cgroup-parent= --progress= --build-context= .", {}],
    ["--output= --annotation= --provenance= --sbom= --cache-from= --cache-to= .", {}],
    ["--add-host= --secret= --ssh= --allow= .", {}],
    ["--shm-size 1g --shm-size 0 .", {}],
    ["--print outline .", { call: { method: "outline", format: "text", ignoreStatus: false } }],
    ["build -f - dir", { file: "-", context: "dir" }],
    ["-", { context: "-" }],
    ["-- .", {}],
    ["./images", { context: "./images" }],
    ["--file docker/a.Dockerfile .", { file: "docker/a.Dockerfile" }],
    ["--target test .", { target: "test" }],
    [
      "--build-arg A=b=c --build-arg B --build-arg C= .",
      {
        buildArgs: [
          { name: "A", value: "b=c" },
          { name: "B", value: undefined },
          { name: "C", value: "" },
        ],
      },
    ],
    [
      "--build-context base=docker-image://debian --build-context src=../src .",
      {
        buildContexts: new Map([
          ["base", "docker-image://debian"],
          ["src", "../src"],
        ]),
      },
    ],
    [
      "--platform linux/arm64,local --platform linux/386 .",
      { platforms: ["linux/arm64", "local", "linux/386"] },
    ],
    [
      "--label a=1 --label b --label a=2 .",
      {
        labels: new Map([
          ["a", "2"],
          ["b", ""],
        ]),
      },
    ],
    ["--network=none .", { network: "none" }],
    ["--shm-size 64m .", { shmSize: 64 * 1024 * 1024 }],
    ["--ulimit nofile=1:2 .", { ulimits: [{ type: "nofile", soft: 1, hard: 2 }] }],
    ["--add-host a=1.2.3.4 .", { addHosts: [{ name: "a", ip: "1.2.3.4" }] }],
    ["--no-cache .", { noCache: true }],
    ["--no-cache-filter a,b --no-cache-filter c .", { noCacheFilter: ["a", "b", "c"] }],
    ["--pull .", { pull: true }],
    ["--pull=true .", { pull: true }],
    ["--pull=T .", { pull: true }],
    ["-q=1 .", { quiet: true }],
    ["-q -q=false -D=t .", { quiet: false, debug: true }],
    ["--target --pull=true .", { target: "--pull=true" }],
    ["--pull --pull=false .", { pull: false }],
    ["--no-cache=false .", { noCache: false }],
    ["--reproducible .", { reproducible: true }],
    ["--iidfile id --metadata-file meta .", { iidFile: "id", metadataFile: "meta" }],
    ["--progress=plain .", { progress: "plain" }],
    ["-q .", { quiet: true }],
    ["-qDt web .", { quiet: true, debug: true, tags: ["web"] }],
    ["--quiet --progress=auto .", { quiet: true, progress: "auto" }],
    ["--jobs 4 .", { jobs: 4 }],
    ["--check .", { call: checkCall }],
    ["--check=false .", {}],
    ["--check --call=build .", {}],
    ["--call= .", {}],
    ["--call build,format=json .", {}],
    ["--call lint .", { call: checkCall }],
    ["--check --call outline .", { call: { ...checkCall, method: "outline" } }],
    ["--call format=json,targets .", { call: { ...checkCall, method: "targets", format: "json" } }],
    ["--call check,ignorestatus .", { call: { ...checkCall, ignoreStatus: true } }],
    ["--call check,ignorestatus=true .", { call: { ...checkCall, ignoreStatus: true } }],
    ["--call check,ignorestatus=0 .", { call: checkCall }],
    [
      "--allow device --allow device=acme.com/gpu=0 --allow device=a/b,alias=mine .",
      {
        allow: new Set(["device"] as const),
        allowDevices: [
          { name: "acme.com/gpu=0", alias: undefined },
          { name: "a/b", alias: "mine" },
        ],
      },
    ],
    [
      "--allow network.host,security.insecure .",
      { allow: new Set(["network.host", "security.insecure"] as const) },
    ],
    ["--rm --force-rm --compress .", {}],
    ["--provenance=false --sbom false .", {}],
    ["--provenance=mode=max,disabled=true .", {}],
    ["--attest type=sbom --attest type=sbom,disabled=true .", {}],
    ["--attest type=provenance,mode=max --provenance=false .", {}],
    [
      "--sbom=1 .",
      { sbom: { generator: "docker/buildkit-syft-scanner:stable-1", parameters: new Map() } },
    ],
    [
      "--attest type=sbom,Generator=a:1,Select_Cat=rpm .",
      { sbom: { generator: "a:1", parameters: new Map([["Select_Cat", "rpm"]]) } },
    ],
    [
      "--isolation=hyperv --security-opt a --security-opt b --squash .",
      {
        warnings: [
          "--isolation has no effect: steps are isolated in one way only",
          "--security-opt has no effect: RUN --security=… sets this for a step",
          "--squash has no effect: COPY --from a stage makes one layer of many",
        ],
      },
    ],
    ["--squash=false .", {}],
    ["-o out .", { outputs: [local] }],
    ["--push -t a .", { tags: ["a"], outputs: [{ ...intoStore, push: true }] }],
    [
      "--push -o type=image,name=a -o - .",
      { outputs: [{ ...intoStore, push: true, names: ["a"] }, parseOutput("-")] },
    ],
    ["--push -o out .", { outputs: [local, { ...intoStore, push: true }] }],
    ["--load .", { outputs: [engine] }],
    ["--load --push .", { outputs: [{ ...intoStore, push: true }, engine] }],
    ["--load -o type=docker,name=a .", { outputs: [{ ...engine, names: ["a"] }] }],
    ["--load -o type=docker,dest=f .", { outputs: [{ ...engine, dest: "f" }, engine] }],
    ["--annotation a=b .", { outputs: [{ ...intoStore, annotations: [annotation] }] }],
    [
      "--annotation a=b -o out -o type=docker .",
      { outputs: [local, { ...engine, annotations: [annotation] }] },
    ],
  ];
  for (const [line, want] of cases) {
    it(`reads tsbuild ${line}`, () => {
      assert.deepStrictEqual(parseCommand(words(line)), { ...plainBuild, ...want });
    });
  }
});

const listing: Extract<Command, { kind: "images" }> = {
  kind: "images",
  name: undefined,
  all: false,
  filters: [],
  quiet: false,
  noTrunc: false,
  digests: false,
  format: undefined,
  debug: false,
};
const history: Extract<Command, { kind: "history" }> = {
  kind: "history",
  name: "a",
  quiet: false,
  noTrunc: false,
  human: true,
  format: undefined,
  debug: false,
};

const pruning: Extract<Command, { kind: "prune" }> = {
  kind: "prune",
  all: false,
  force: false,
  plan: false,
  verbose: false,
  filters: [],
  maxUsed: undefined,
  minFree: undefined,
  reserved: undefined,
  debug: false,
};

describe("parseCommand() of other commands", () => {
  const cases: readonly (readonly [string, Command])[] = [
    ["version", { kind: "version" }],
    ["--version", { kind: "version" }],
    ["-v", { kind: "version" }],
    [
      "pull -q --platform linux/arm64 a",
      {
        kind: "pull",
        all: false,
        name: "a",
        platform: "linux/arm64",
        progress: undefined,
        quiet: true,
        debug: false,
      },
    ],
    [
      "push a",
      { kind: "push", name: "a", all: false, progress: undefined, quiet: false, debug: false },
    ],
    [
      "push --all-tags a",
      { kind: "push", name: "a", all: true, progress: undefined, quiet: false, debug: false },
    ],
    [
      "login -u me --password-stdin https://ghcr.io/v2/",
      {
        kind: "login",
        registry: "ghcr.io",
        username: "me",
        password: undefined,
        passwordStdin: true,
        debug: false,
      },
    ],
    ["logout", { kind: "logout", registry: "docker.io", debug: false }],
    ["images -a", { ...listing, all: true }],
    [
      "images -q --no-trunc --digests --format json --filter label=a=b a",
      {
        ...listing,
        name: "a",
        filters: [{ key: "label", operator: "=", value: "a=b" }],
        quiet: true,
        noTrunc: true,
        digests: true,
        format: "json",
      },
    ],
    [
      "inspect -f {{.Id}} a b",
      { kind: "inspect", names: ["a", "b"], format: "{{.Id}}", debug: false },
    ],
    ["history a", history],
    ["history -H a", history],
    ["history --human=false --format table a", { ...history, human: false, format: "table" }],
    ["tag a b", { kind: "tag", source: "a", destination: "b", debug: false }],
    ["rmi -f a b", { kind: "rmi", names: ["a", "b"], force: true, debug: false }],
    ["save -o f a", { kind: "save", names: ["a"], output: "f", debug: false }],
    ["load -i f", { kind: "load", input: "f", quiet: false, debug: false }],
    ["prune -a -f", { ...pruning, all: true, force: true }],
    [
      "prune --plan --verbose --max-used-space 10g --min-free-space 20% --reserved-space 1m",
      {
        ...pruning,
        plan: true,
        verbose: true,
        maxUsed: { bytes: 10 * 2 ** 30 },
        minFree: { percent: 20 },
        reserved: { bytes: 2 ** 20 },
      },
    ],
    ["prune --keep-storage 1g", { ...pruning, reserved: { bytes: 2 ** 30 } }],
    [
      "prune --filter inuse --filter id!=a --filter description~=b --filter type==c",
      {
        ...pruning,
        filters: [
          { key: "inuse", operator: "=", value: undefined },
          { key: "id", operator: "!=", value: "a" },
          { key: "description", operator: "~=", value: "b" },
          { key: "type", operator: "=", value: "c" },
        ],
      },
    ],
    ["export -o f a", { kind: "export", image: "a", output: "f", debug: false }],
    ["diff a b", { kind: "diff", image: "a", base: "b", debug: false }],
    ["du -D", { kind: "du", filters: [], format: undefined, verbose: false, debug: true }],
    [
      "du --verbose --format json --filter until=24h",
      {
        kind: "du",
        filters: [{ key: "until", operator: "=", value: "24h" }],
        format: "json",
        verbose: true,
        debug: false,
      },
    ],
    [
      "run --rm -it -e A=1 -e B -w /w -u me --entrypoint sh --network host -v /a:/b:ro web -c --rm",
      {
        kind: "run",
        image: "web",
        argv: ["-c", "--rm"],
        interactive: true,
        tty: true,
        env: [
          { name: "A", value: "1" },
          { name: "B", value: undefined },
        ],
        workdir: "/w",
        user: "me",
        entrypoint: "sh",
        network: "host",
        volumes: [{ source: "/a", target: "/b", readonly: true }],
        debug: false,
      },
    ],
  ];
  for (const [line, want] of cases) {
    it(`reads tsbuild ${line}`, () => {
      assert.deepStrictEqual(parseCommand(words(line)), want);
    });
  }

  it("takes an ENTRYPOINT away with an empty --entrypoint", () => {
    const command = parseCommand(["run", "--entrypoint", "", "web"]);
    assert.strictEqual(command.kind === "run" ? command.entrypoint : undefined, "");
  });
});

describe("parseCommand() of wrong usage", () => {
  const cases: readonly (readonly [string, BuildErrorCode, string, string?])[] = [
    ["-t web", "USAGE", "Cannot build: the context is missing"],
    ["build", "USAGE", "Cannot build: the context is missing"],
    [". other", "USAGE", 'Cannot build: want one context, got "." and "other"'],
    ["--targt x .", "USAGE", "Cannot use --targt: no such flag", "did you mean --target?"],
    ["--xyzzy .", "USAGE", "Cannot use --xyzzy: no such flag", "see tsbuild build --help"],
    ["-z .", "USAGE", "Cannot use -z: no such flag", "see tsbuild build --help"],
    ["run -h name web", "UNSUPPORTED", "Cannot use -h: not supported yet"],
    ["-t", "USAGE", "Cannot use --tag: its value is missing"],
    [". --build-arg", "USAGE", "Cannot use --build-arg: its value is missing"],
    ["-q=maybe .", "USAGE", 'Cannot use "-q=maybe": -q takes true or false'],
    ["--pull=maybe .", "USAGE", 'Cannot use "--pull=maybe": --pull takes true or false'],
    [
      "--progress=plan .",
      "USAGE",
      'Cannot use --progress "plan": want auto, none, plain, quiet, rawjson, tty',
      'did you mean "plain"?',
    ],
    ["-q --progress=plain .", "USAGE", "Cannot use --quiet with --progress=plain: choose one"],
    ["--jobs 0 .", "USAGE", 'Cannot use --jobs "0": want a number above 0'],
    ["--build-arg =x .", "USAGE", 'Cannot use --build-arg "=x": the name before the = is missing'],
    ["--build-context a .", "USAGE", 'Cannot use --build-context "a": want NAME=VALUE'],
    ["--policy a .", "UNSUPPORTED", "Cannot use --policy: not supported yet"],
    ["--policy=a .", "UNSUPPORTED", "Cannot use --policy: not supported yet"],
    [
      "--call=chek .",
      "USAGE",
      'Cannot use --call "chek": want build, check, lint, outline, targets, subrequests.describe',
      'did you mean "check"?',
    ],
    ["--call=check,format=xml .", "USAGE", 'Cannot use --call format "xml": want json, text'],
    [
      "--call=check,outline .",
      "USAGE",
      'Cannot use --call "check,outline": did not expect "outline"',
      "such as --call=check,format=json",
    ],
    [
      "--call=check,ignorestatus=maybe .",
      "USAGE",
      'Cannot use --call "check,ignorestatus=maybe": ignorestatus takes true or false',
    ],
    [
      "--provenance=version=v0.3 .",
      "USAGE",
      'Cannot use --provenance "version=v0.3": version is v1 or v0.2',
    ],
    [
      "--provenance=mdoe=max .",
      "USAGE",
      'Cannot use --provenance "mdoe=max": no parameter is called "mdoe"',
    ],
    [
      "--provenance=mode=most .",
      "USAGE",
      'Cannot use --provenance "mode=most": mode is min or max',
    ],
    [
      "--provenance=maybe .",
      "USAGE",
      'Cannot use --provenance "maybe": want true, false or KEY=VALUE[,KEY=VALUE…]',
    ],
    ["--sbom=generator= .", "USAGE", 'Cannot use --sbom "generator=": generator names an image'],
    ["--sbom=a-b=1 .", "USAGE", 'Cannot use --sbom "a-b=1": no parameter is called "a-b"'],
    [
      "--attest type=slsa .",
      "USAGE",
      'Cannot use --attest "type=slsa": want type=provenance or type=sbom',
    ],
    ["--attest sbom .", "USAGE", 'Cannot use --attest "sbom": "sbom" is not KEY=VALUE'],
    [
      "--builder x .",
      "UNSUPPORTED",
      "Cannot use --builder: not supported yet",
      "tsbuild is its own builder, and has no others",
    ],
    ["--destination x .", "USAGE", "Cannot use --destination: no such flag here", "-t NAME --push"],
    [
      "--tar-path=x .",
      "USAGE",
      "Cannot use --tar-path: no such flag here",
      "-o type=docker,dest=PATH",
    ],
    [
      "--disable-compression .",
      "USAGE",
      "Cannot use --disable-compression: no such flag here",
      "-o type=…,compression=uncompressed",
    ],
    [
      "--cache=true --cache-repo r/cache .",
      "USAGE",
      "Cannot use --cache: no such flag here",
      "that is always so: each step has a layer, and is cached",
    ],
    ["--pull-always .", "USAGE", "Cannot use --pull-always: no such flag here", "--pull"],
    ["--squash=x .", "USAGE", 'Cannot use "--squash=x": --squash takes true or false'],
    ["--annotation a=b -o out .", "USAGE", "Cannot use --annotation: no output is an image"],
    [
      "--annotation a=b -o type=oci,oci-mediatypes=false .",
      "USAGE",
      "Cannot use --annotation with oci-mediatypes=false: Docker's manifests have no annotations",
    ],
    [
      "--platform linux/amd64,banana .",
      "USAGE",
      'Cannot use --platform "banana": want OS/ARCHITECTURE[/VARIANT]',
    ],
    ["run", "USAGE", "Cannot run: the image is missing"],
    ["run -w srv web", "USAGE", 'Cannot use --workdir "srv": it must be an absolute path'],
    ["run -p 80:80 web", "UNSUPPORTED", "Cannot use -p: not supported yet"],
    [
      "prune --filter usedby=a",
      "USAGE",
      'Cannot use --filter "usedby": want description, id, immutable, inuse, mutable, parents, private, shared, type, until, unused-for',
    ],
    [
      "prune --max-used-space 20per",
      "USAGE",
      'Cannot use --max-used-space "20per": want a number of bytes with an optional unit b, k, m, g or t',
      'or a part of the disk, such as "20%"',
    ],
    [
      "prune --max-used-space 120%",
      "USAGE",
      'Cannot use --max-used-space "120%": want at most 100%',
    ],
    ...["prune", "du", "history ls", "history rm", "imagetools create", "imagetools inspect"].map(
      (command) =>
        [
          `${command} --builder a`,
          "UNSUPPORTED",
          "Cannot use --builder: not supported yet",
          "tsbuild is its own builder, and has no others",
        ] as const,
    ),
    [
      "--root a build .",
      "USAGE",
      "Cannot use --root: no such flag here",
      "TSBUILD_ROOT=DIRECTORY in the environment",
    ],
    ["images --filter a", "USAGE", 'Cannot use --filter "a": want KEY=VALUE'],
    [
      "images --filter labl=a",
      "USAGE",
      'Cannot use --filter "labl": want before, dangling, label, reference, since',
      'did you mean "label"?',
    ],
    ["images --format= a", "USAGE", 'Cannot use --format "": the value is empty'],
    [
      "commit a",
      "UNSUPPORTED",
      'Cannot run "tsbuild commit": there are no containers',
      'write the changes down: "FROM IMAGE" and "RUN COMMAND" in a Dockerfile make an image of them; a directory is written "./commit"',
    ],
    ["ps", "UNSUPPORTED", 'Cannot run "tsbuild ps": there are no containers'],
    [
      "run --name a web",
      "UNSUPPORTED",
      "Cannot use --name: not supported yet",
      "nothing is kept of a command that has ended, so there is nothing to name",
    ],
    ["import", "USAGE", "Cannot import: the archive is missing"],
    ["import a b c", "USAGE", 'Cannot import: did not expect "c"'],
    ["diff", "USAGE", "Cannot compare: the image is missing"],
    ["diff a b c", "USAGE", 'Cannot compare: did not expect "c"'],
    ["tag a", "USAGE", "Cannot tag: the new name is missing"],
    ["tag a b c", "USAGE", 'Cannot tag: did not expect "c"'],
    ["du x", "USAGE", 'Cannot show disk usage: did not expect "x"'],
    ["rmi", "USAGE", "Cannot remove: the image is missing"],
    [
      "buildx build .",
      "USAGE",
      'Cannot run "tsbuild buildx": no such command here',
      'without that word, such as "tsbuild build", "tsbuild imagetools", "tsbuild du"; a directory is written "./buildx"',
    ],
    [
      "system df",
      "USAGE",
      'Cannot run "tsbuild system": no such command here',
      '"tsbuild du", "tsbuild prune"; a directory is written "./system"',
    ],
    ["bake", "USAGE", 'Cannot run "tsbuild bake": no such command here'],
    [
      "imges",
      "USAGE",
      'Cannot run "tsbuild imges": no such command',
      'did you mean "tsbuild images"? A directory is written "./imges"',
    ],
    ["help imges", "USAGE", 'Cannot show help for "imges": no such command'],
    ["help run web", "USAGE", 'Cannot show help: did not expect "web"'],
    ["version web", "USAGE", 'Cannot show the version: did not expect "web"'],
  ];
  for (const [line, code, message, hint] of cases) {
    it(`explains tsbuild ${line}`, () => {
      try {
        parseCommand(words(line));
      } catch (error) {
        if (!(error instanceof BuildError)) throw error;
        assert.strictEqual(error.message, message);
        assert.strictEqual(error.code, code);
        if (hint !== undefined) assert.strictEqual(error.hint, hint);
        return;
      }
      assert.fail("it was accepted");
    });
  }
});

describe("parseCommand() of help", () => {
  const commands = words(
    "build run login logout pull push images inspect history tag rmi save load prune du import export diff",
  );
  it("names every command", () => {
    for (const line of ["", "--help", "-h", "help", "help -h", "version -h"]) {
      const command = parseCommand(words(line));
      assert.strictEqual(command.kind, "help");
      for (const name of commands) assert.include(JSON.stringify(command), `  ${name} `);
    }
  });

  for (const name of commands) {
    it(`has one for ${name}`, () => {
      const command = parseCommand([name, "--help"]);
      assert.deepStrictEqual(parseCommand(["help", name]), command);
      if (name !== "run") assert.deepStrictEqual(parseCommand([name, "-h"]), command);
      assert.strictEqual(command.kind, "help");
      if (command.kind !== "help") return;
      assert.match(command.text, new RegExp(`^Usage: tsbuild ${name} .*\n\n[A-Z][^]*\\.\n`));
      for (const line of command.text.split("\n")) assert.isAtMost(line.length, 100);
    });
  }

  it("has one for commands of commands", () => {
    for (const line of ["imagetools create", "manifest push", "history inspect attachment"]) {
      const command = parseCommand(words(`${line} --help`));
      assert.deepStrictEqual(parseCommand(words(`help ${line}`)), command);
      assert.match(JSON.stringify(command), new RegExp(`Usage: tsbuild ${line} `));
    }
  });

  it("leaves --help after the image to the image", () => {
    const command = parseCommand(["run", "web", "--help"]);
    assert.strictEqual(command.kind, "run");
  });
});
