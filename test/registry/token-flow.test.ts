import { assert } from "chai";
import { mediaTypes } from "../../src/oci/descriptor.js";
import { digestOf } from "../../src/oci/digest.js";
import { parseReference } from "../../src/oci/reference.js";
import type { Credentials } from "../../src/registry/docker-config.js";
import { RegistryClient } from "../../src/registry/registry-client.js";
import { mergeScopes } from "../../src/registry/scopes.js";
import { directoryWith, temporaryDirectory } from "../context/temporary.js";
import { failureOf } from "../oci/build-errors.js";
import { chunked, collect } from "../oci/bytes.js";
import { startRegistry, type RegistryServer } from "./docker-registry.js";
import { FakeClock } from "./http/fake-clock.js";
import { reply, startRogue } from "./rogue-server.js";
import { startTokenServer, tokenAuth, type TokenServer } from "./token-server.js";

const login = { username: "alice", password: "s:ecret" };
const alice: Credentials = { kind: "password", ...login };
const text = Buffer.from("a blob");
const blob = { mediaType: mediaTypes.layer, digest: digestOf(text), size: text.byteLength };
const open = () => chunked(text);

const newClient = (credentials?: Credentials, clock = new FakeClock()) =>
  new RegistryClient({ credentials: () => Promise.resolve(credentials), clock });

describe("N02 the token flow with docker-registry", () => {
  const temporary = temporaryDirectory();
  let tokens: TokenServer;
  let registry: RegistryServer;

  before(async () => {
    const directory = directoryWith(temporary, {});
    const refuses = ["repository:closed:pull,push"];
    tokens = await startTokenServer({ directory, login, refuses });
    registry = await startRegistry({ tokens: tokenAuth(tokens) });
  });
  after(async () => {
    await registry[Symbol.asyncDispose]();
    await tokens[Symbol.asyncDispose]();
  });

  const named = (name: string) => parseReference(`${registry.host}/${name}`);

  it("asks once for each right, and for both repositories of a mount together", async () => {
    const before = tokens.asked.length;
    await using client = newClient(alice);
    assert.strictEqual(await client.pushBlob(named("first"), blob, { open }), "uploaded");
    const mounting = { open, mountFrom: "first" };
    assert.strictEqual(await client.pushBlob(named("second"), blob, mounting), "mounted");
    assert.deepEqual(await collect(client.blob(named("second"), blob)), text);
    assert.deepEqual(tokens.asked.slice(before), [
      ["repository:first:pull,push"],
      ["repository:second:pull,push"],
      ["repository:first:pull", "repository:second:pull,push"],
      ["repository:second:pull"],
    ]);
  });

  it("lets strangers pull, and tells them that they may not push", async () => {
    await using client = newClient();
    await using owner = newClient(alice);
    await owner.pushBlob(named("open"), blob, { open });
    assert.deepEqual(await collect(client.blob(named("open"), blob)), text);
    const other = { ...blob, digest: digestOf("b"), size: 1 };
    const error = await failureOf(
      client.pushBlob(named("open"), other, { open: () => chunked(Buffer.from("b")) }),
      "AUTH",
    );
    assert.match(error.message, /: access denied: the login has no right to it/);
    assert.match(error.hint ?? "", /^log in with "tsbuild login 127/);
  });

  it("ends at the second refusal when the login has no right", async () => {
    const before = tokens.asked.length;
    await using client = newClient(alice);
    const error = await failureOf(client.pushBlob(named("closed"), blob, { open }), "AUTH");
    assert.include(error.message, "the login has no right to it");
    assert.lengthOf(tokens.asked.slice(before), 1);
  });

  it("takes a login, and no wrong one", async () => {
    await using client = newClient(alice);
    assert.isUndefined(await client.logIn(registry.host));
    await using mallory = newClient({ kind: "password", username: "alice", password: "x" });
    await failureOf(mallory.logIn(registry.host), "AUTH");
  });
});

describe("N02 tokens", () => {
  const lifetimes: readonly (readonly [unknown, number])[] = [
    [undefined, 54],
    [10, 54],
    [100, 90],
    [3600, 3240],
  ];
  for (const [expires_in, seconds] of lifetimes) {
    it(`with expires_in ${String(expires_in)} are used for ${seconds} seconds`, async () => {
      let count = 0;
      await using server = await startRogue(({ line, authorization }, response) => {
        if (line.startsWith("GET /token")) {
          reply(response, 200, { body: JSON.stringify({ token: `T${++count}`, expires_in }) });
        } else if (authorization === `Bearer T${count}` && count > 0) {
          reply(response, 200, { body: text });
        } else {
          const realm = `http://${response.req.headers.host ?? ""}/token`;
          reply(response, 401, { headers: { "WWW-Authenticate": `Bearer realm="${realm}"` } });
        }
      });
      const clock = new FakeClock();
      await using client = newClient(undefined, clock);
      const pull = () => collect(client.blob(parseReference(`${server.host}/app`), blob));
      await pull();
      await clock.sleep(seconds * 1000 - 1);
      await pull();
      assert.strictEqual(count, 1);
      await clock.sleep(1);
      await pull();
      assert.strictEqual(count, 2);
    });
  }

  it("that several transfers find expired are replaced for all of them", async () => {
    let count = 0;
    let valid = "";
    await using server = await startRogue(({ line, authorization }, response) => {
      if (line.startsWith("GET /token")) {
        valid = `T${++count}`;
        reply(response, 200, { body: JSON.stringify({ token: valid }) });
      } else if (authorization === `Bearer ${valid}`) reply(response, 200, { body: text });
      else {
        const realm = `http://${response.req.headers.host ?? ""}/token`;
        reply(response, 401, { headers: { "WWW-Authenticate": `Bearer realm="${realm}"` } });
      }
    });
    await using client = newClient();
    const pull = () => collect(client.blob(parseReference(`${server.host}/app`), blob));
    await pull();
    valid = "none";
    for (const got of await Promise.all([1, 2, 3, 4, 5, 6].map(pull))) assert.deepEqual(got, text);
    assert.strictEqual(count, 2);
  });
});

describe("mergeScopes()", () => {
  const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
    [[], []],
    [["repository:a:pull"], ["repository:a:pull"]],
    [["repository:b:push", "repository:b:pull"], ["repository:b:pull,push"]],
    [
      ["repository:b:pull,push", "repository:a:pull", "repository:b:pull"],
      ["repository:a:pull", "repository:b:pull,push"],
    ],
    [
      ["registry:catalog:*", "aws"],
      ["aws", "registry:catalog:*"],
    ],
  ];
  for (const [scopes, want] of cases) {
    it(`makes "${want.join(" ")}" of "${scopes.join(" ")}"`, () => {
      assert.deepEqual(mergeScopes(scopes), want);
    });
  }
});
