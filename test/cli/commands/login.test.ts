import { readFile, readlink, stat } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { join } from "node:path";
import { assert } from "chai";
import { directoryWith, temporaryDirectory } from "../../context/temporary.js";
import { startRegistry, type RegistryServer } from "../../registry/docker-registry.js";
import { reply, startRogue } from "../../registry/rogue-server.js";
import { FakeIo, type World } from "../fake-io.js";

// As in main.test.ts: what is imported here has one copy.
const importing = Promise.all([
  import("../../../src/cli/main.js"),
  import("../../../src/error.js"),
]);

describe("N01 tsbuild login", () => {
  const temporary = temporaryDirectory();
  const login = { username: "me", password: "se cret" };
  let registry: RegistryServer;
  let config: string;

  before(async () => {
    registry = await startRegistry({ login });
  });
  after(() => registry[Symbol.asyncDispose]());
  beforeEach(() => {
    config = directoryWith(temporary, {});
  });

  async function run(argv: readonly string[], world: World = {}) {
    const io = new FakeIo({ ...world, env: { DOCKER_CONFIG: join(config, "docker") } });
    return { ...(await finish(argv, io)), io };
  }

  async function finish(argv: readonly string[], io: FakeIo) {
    const [{ main }] = await importing;
    return { code: await main(argv, io), text: io.text, errors: io.errors };
  }

  const file = () => join(config, "docker/config.json");
  const kept = async () => JSON.parse(await readFile(file(), "utf8")) as { auths: unknown };
  const auth = Buffer.from("me:se cret").toString("base64");

  it("checks a password from standard input and keeps it for its owner only", async () => {
    const argv = ["login", "-u", "me", "--password-stdin", `http://${registry.host}/v2/`];
    const { code, text, errors } = await run(argv, { input: "se cret\n" });
    assert.deepStrictEqual([code, text], [0, "Login Succeeded\n"]);
    assert.match(errors, /^WARNING: the login is kept unencrypted in ".*config\.json"\n/);
    assert.deepStrictEqual(await kept(), { auths: { [registry.host]: { auth } } });
    assert.strictEqual((await stat(file())).mode & 0o777, 0o600);
    const again = await run(["login", registry.host]);
    assert.deepStrictEqual([again.code, again.text], [0, "Login Succeeded\n"], "with what is kept");
    const logout = await run(["logout", registry.host]);
    assert.strictEqual(logout.text, `Removing login credentials for ${registry.host}\n`);
    assert.deepStrictEqual(await kept(), { auths: {} });
    const twice = await run(["logout", registry.host]);
    assert.deepStrictEqual([twice.code, twice.text], [0, `Not logged in to ${registry.host}\n`]);
  });

  it("keeps nothing of a password that the registry refuses", async () => {
    const { code, errors } = await run(["login", "-u", "me", "-p", "wrong", registry.host]);
    assert.strictEqual(code, 1);
    assert.include(errors, `ERROR: Cannot log in to "${registry.host}": access denied`);
    assert.notInclude(errors, "wrong");
    await readFile(file()).then(
      () => assert.fail("there is a file"),
      () => undefined,
    );
  });

  it("asks at a terminal, without showing the password", async () => {
    const input = new PassThrough();
    const io = new FakeIo({
      env: { DOCKER_CONFIG: join(config, "docker") },
      terminal: { in: true },
    });
    Object.defineProperty(io, "in", { value: input });
    const ending = finish(["login", registry.host], io);
    const until = async (text: string) => {
      while (!io.errors.includes(text)) await new Promise(setImmediate);
    };
    await until(`Username for ${registry.host}: `);
    input.write("me\n");
    await until("Password: ");
    input.write("se crett\u007f\n");
    assert.strictEqual((await ending).code, 0);
    assert.notInclude(io.errors, "se cret");
    assert.deepStrictEqual(await kept(), { auths: { [registry.host]: { auth } } });
  });

  it("ends when the terminal's user presses Ctrl-C", async () => {
    const input = new PassThrough();
    const io = new FakeIo({ env: { DOCKER_CONFIG: config }, terminal: { in: true } });
    Object.defineProperty(io, "in", { value: input });
    const ending = finish(["login", "-u", "me", registry.host], io);
    input.write("se\u0003");
    assert.strictEqual((await ending).code, 130);
  });

  it("writes through a link to the file", async () => {
    const real = join(directoryWith(temporary, { "own.json": '{"detachKeys":"x"}' }), "own.json");
    config = directoryWith(temporary, { "docker/config.json": { symlink: real } });
    const argv = ["login", "-u", "me", "-p", "se cret", registry.host];
    assert.strictEqual((await run(argv)).code, 0);
    assert.strictEqual(await readlink(file()), real);
    assert.deepStrictEqual<unknown>(await kept(), {
      detachKeys: "x",
      auths: { [registry.host]: { auth } },
    });
  });

  it("ends where a filesystem makes no directories", async () => {
    const io = new FakeIo({ env: { DOCKER_CONFIG: "/proc/tsbuild/deep" } });
    const { code, errors } = await finish(
      ["login", "-u", "me", "-p", "se cret", registry.host],
      io,
    );
    assert.strictEqual(code, 1);
    assert.match(errors, /^ERROR: Cannot create "\/proc\/tsbuild": no such file or directory/m);
  });

  it("keeps the identity token that a token server gives instead of the password", async () => {
    await using server = await startRogue(({ line, authorization }, response) => {
      const { host = "" } = response.req.headers;
      if (line.startsWith("GET /token")) {
        const body = JSON.stringify({ token: "T", refresh_token: "R" });
        if (authorization === `Basic ${auth}`) reply(response, 200, { body });
        else reply(response, 401);
      } else if (authorization === "Bearer T") reply(response, 200);
      else {
        const challenge = `Bearer realm="http://${host}/token",service="s"`;
        reply(response, 401, { headers: { "WWW-Authenticate": challenge } });
      }
    });
    const { code } = await run(["login", "-u", "me", "-p", "se cret", server.host]);
    assert.strictEqual(code, 0);
    assert.include(server.lines(), "GET /token?service=s&offline_token=true&account=me");
    const name = Buffer.from("me:").toString("base64");
    const want = { auths: { [server.host]: { auth: name, identitytoken: "R" } } };
    assert.deepStrictEqual<unknown>(await kept(), want);
    const denied = await run(["login", "-u", "me", "-p", "wrong", server.host]);
    const message = `Cannot log in to "${server.host}": access denied`;
    assert.deepStrictEqual([denied.code, denied.errors.includes(message)], [1, true]);
  });

  const wrong: readonly (readonly [argv: string, says: string])[] = [
    ["login", "nobody can be asked, standard input is not a terminal"],
    ["login -u me", "nobody can be asked"],
    ["login -u me -p x --password-stdin", "--password and --password-stdin exclude each other"],
    ["login --password-stdin", "--password-stdin needs --username"],
    ["login -u me --password-stdin", "the password is empty"],
    ["login a b", 'did not expect "b"'],
    ["login -u=", 'Cannot use --username "": the value is empty'],
    ["logout a?b", '"a?b" is not a registry host'],
  ];
  for (const [argv, says] of wrong) {
    it(`refuses "${argv}": ${says}`, async () => {
      const { code, errors } = await run(argv.split(" "));
      assert.strictEqual(code, 2, errors);
      assert.include(errors, says);
    });
  }
});
