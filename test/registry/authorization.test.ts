import type { ServerResponse } from "node:http";
import { assert } from "chai";
import { mediaTypes } from "../../src/oci/descriptor.js";
import { digestOf } from "../../src/oci/digest.js";
import { parseReference } from "../../src/oci/reference.js";
import type { Credentials } from "../../src/registry/docker-config.js";
import { RegistryClient } from "../../src/registry/registry-client.js";
import { failureOf } from "../oci/build-errors.js";
import { chunked, collect } from "../oci/bytes.js";
import { reply, startRogue, type Received, type RogueServer } from "./rogue-server.js";

const text = Buffer.from("a blob");
const blob = { mediaType: mediaTypes.layer, digest: digestOf(text), size: text.byteLength };
const alice: Credentials = { kind: "password", username: "alice", password: "s:ecret" };
const aliceHeader = `Basic ${Buffer.from("alice:s:ecret").toString("base64")}`;

const newClient = (credentials?: Credentials) =>
  new RegistryClient({ credentials: () => Promise.resolve(credentials), retryDelays: [] });

const app = ({ host }: RogueServer, name = "org/app") => parseReference(`${host}/${name}`);

interface Site {
  /** Answers a request for a token. */
  readonly token: (request: Received, response: ServerResponse) => void;
  /** Authorization headers that are enough for the API. */
  readonly accepts: (header: string) => boolean;
}

/** A registry that wants tokens, which it hands out itself at /token. */
function startGuarded({ token, accepts }: Site): Promise<RogueServer> {
  return startRogue((request, response) => {
    const { line, authorization = "" } = request;
    if (line.includes(" /token")) token(request, response);
    else if (accepts(authorization)) reply(response, 200, { body: text });
    else {
      const realm = `http://${response.req.headers.host ?? ""}/token?secret=x`;
      const challenge = `Bearer realm="${realm}",service="registry",scope="repository:org/app:pull"`;
      reply(response, 401, { headers: { "WWW-Authenticate": challenge } });
    }
  });
}

const give = (response: ServerResponse, answer: unknown) => {
  reply(response, 200, { body: JSON.stringify(answer) });
};

describe("authorization", () => {
  it("fetches one anonymous token for all requests of a purpose", async () => {
    await using server = await startGuarded({
      token: (_, response) => {
        give(response, { token: "T" });
      },
      accepts: (header) => header === "Bearer T",
    });
    await using client = newClient();
    for (let i = 0; i < 3; i++)
      assert.deepEqual(await collect(client.blob(app(server), blob)), text);
    const path = `GET /v2/org/app/blobs/${blob.digest}`;
    const scope = "repository%3Aorg%2Fapp%3Apull";
    const token = `GET /token?secret=x&service=registry&scope=${scope}`;
    assert.deepEqual(server.lines(), [path, token, path, path, path]);
    assert.isUndefined(server.received[1]?.authorization);
  });

  it("fetches a new token when the old one is refused", async () => {
    let count = 0;
    await using server = await startGuarded({
      token: (_, response) => {
        give(response, { access_token: `T${++count}`, expires_in: 3600 });
      },
      accepts: (header) => header === "Bearer T2",
    });
    await using client = newClient();
    await failureOf(collect(client.blob(app(server), blob)), "AUTH");
    assert.deepEqual(await collect(client.blob(app(server), blob)), text);
    assert.strictEqual(count, 2);
  });

  it("asks for push, and for pull from the repository to mount from", async () => {
    await using server = await startGuarded({
      token: (_, response) => {
        give(response, { token: "T" });
      },
      accepts: () => false,
    });
    await using client = newClient(alice);
    const options = { open: () => chunked(text), mountFrom: "org/base" };
    await failureOf(client.pushBlob(app(server), blob, options), "AUTH");
    const [, token] = server.lines();
    const url = new URL(`http://x${token?.slice("GET ".length) ?? ""}`);
    assert.deepEqual(url.searchParams.getAll("scope"), ["repository:org/app:pull,push"]);
    assert.strictEqual(url.searchParams.get("account"), "alice");
  });

  it("shows user and password to the token server only", async () => {
    await using server = await startGuarded({
      token: ({ authorization }, response) => {
        if (authorization === aliceHeader) give(response, { token: "T" });
        else reply(response, 401);
      },
      accepts: (header) => header === "Bearer T",
    });
    await using client = newClient(alice);
    assert.deepEqual(await collect(client.blob(app(server), blob)), text);
    const seen = server.received.map(({ authorization }) => authorization);
    assert.deepEqual(seen, [undefined, aliceHeader, "Bearer T"]);
  });

  for (const status of [401, 404, 405]) {
    it(`sends the password in a form where GET is answered with ${status}`, async () => {
      await using server = await startGuarded({
        token: ({ line }, response) => {
          if (line.startsWith("POST")) give(response, { access_token: "T" });
          else reply(response, status);
        },
        accepts: (header) => header === "Bearer T",
      });
      await using client = newClient(alice);
      assert.deepEqual(await collect(client.blob(app(server), blob)), text);
      assert.deepEqual(Object.fromEntries(new URLSearchParams(String(server.received[2]?.body))), {
        client_id: "tsbuild",
        grant_type: "password",
        password: "s:ecret",
        scope: "repository:org/app:pull",
        service: "registry",
        username: "alice",
      });
    });
  }

  it("exchanges an identity token for an access token", async () => {
    await using server = await startGuarded({
      token: ({ body }, response) => {
        const form = new URLSearchParams(String(body));
        const fine =
          form.get("grant_type") === "refresh_token" && form.get("refresh_token") === "R";
        if (fine) give(response, { access_token: "T" });
        else reply(response, 401);
      },
      accepts: (header) => header === "Bearer T",
    });
    await using client = newClient({ kind: "identity-token", token: "R" });
    assert.deepEqual(await collect(client.blob(app(server), blob)), text);
  });

  it("shows a registry token as it is", async () => {
    await using server = await startGuarded({
      token: (_, response) => {
        reply(response, 500);
      },
      accepts: (header) => header === "Bearer RT",
    });
    await using client = newClient({ kind: "bearer", token: "RT" });
    assert.deepEqual(await collect(client.blob(app(server), blob)), text);
    assert.lengthOf(server.received, 2);
  });

  it("says who refused the login, and nothing secret", async () => {
    await using server = await startGuarded({
      token: (_, response) => {
        reply(response, 401, { body: "no" });
      },
      accepts: () => false,
    });
    await using client = newClient(alice);
    const error = await failureOf(collect(client.blob(app(server), blob)), "AUTH");
    const { host } = server;
    assert.strictEqual(
      error.message,
      `Cannot get a token for "${host}" from http://${host}/token: access denied`,
    );
    assert.notMatch(`${error.stack ?? ""} ${error.hint ?? ""}`, /s:ecret|secret=x/);
  });

  const bad = [
    { name: "no token in the answer", answer: "{}", why: "it sent none" },
    { name: "an answer that is not JSON", answer: "<html>", why: "it sent none" },
    {
      name: "a token that would break the header",
      answer: '{"token":"a\\r\\nb"}',
      why: "it sent none",
    },
  ];
  for (const { name, answer, why } of bad) {
    it(`refuses ${name}`, async () => {
      await using server = await startGuarded({
        token: (_, response) => {
          reply(response, 200, { body: answer });
        },
        accepts: () => false,
      });
      await using client = newClient();
      const error = await failureOf(collect(client.blob(app(server), blob)), "REGISTRY");
      assert.include(error.message, why);
    });
  }

  it("does not send a password over plain HTTP to another machine", async () => {
    await using server = await startRogue((_, response) => {
      const challenge = 'Bearer realm="http://token.invalid/t"';
      reply(response, 401, { headers: { "WWW-Authenticate": challenge } });
    });
    await using client = newClient(alice);
    const error = await failureOf(collect(client.blob(app(server), blob)), "REGISTRY");
    assert.include(error.message, "http://token.invalid/t would see the password in plain text");
  });

  it("does not authorize to a host where it is redirected", async () => {
    await using storage = await startRogue((_, response) => {
      reply(response, 200, { body: text });
    });
    await using server = await startRogue(({ authorization }, response) => {
      const basic = { "WWW-Authenticate": 'Basic realm="r"' };
      const location = { Location: `http://${storage.host}/blob?signature=x` };
      if (authorization === undefined) reply(response, 401, { headers: basic });
      else reply(response, 307, { headers: location });
    });
    await using client = newClient(alice);
    assert.deepEqual(await collect(client.blob(app(server), blob)), text);
    assert.strictEqual(server.received[1]?.authorization, aliceHeader);
    const [redirected] = storage.received;
    assert.strictEqual(redirected?.line, "GET /blob?signature=x");
    assert.isUndefined(redirected?.authorization);
  });

  it("does not answer a challenge of a host where it is redirected", async () => {
    await using storage = await startRogue((_, response) => {
      reply(response, 401, { headers: { "WWW-Authenticate": 'Basic realm="r"' } });
    });
    await using server = await startRogue((_, response) => {
      reply(response, 307, { headers: { Location: `http://${storage.host}/blob?signature=x` } });
    });
    await using client = newClient(alice);
    const error = await failureOf(collect(client.blob(app(server), blob)), "AUTH");
    assert.notInclude(`${error.message} ${error.hint ?? ""}`, "signature");
    assert.lengthOf(storage.received, 1);
    assert.lengthOf(server.received, 1);
  });

  it("does not authorize an upload to another host", async () => {
    await using storage = await startRogue((_, response) => {
      reply(response, 201);
    });
    await using server = await startRogue(({ line, authorization }, response) => {
      const basic = { "WWW-Authenticate": 'Basic realm="r"' };
      const location = { Location: `http://${storage.host}/upload` };
      if (authorization === undefined) reply(response, 401, { headers: basic });
      else if (line.startsWith("HEAD")) reply(response, 404);
      else reply(response, 202, { headers: location });
    });
    await using client = newClient(alice);
    await client.pushBlob(app(server), blob, { open: () => chunked(text) });
    const [upload] = storage.received;
    assert.isTrue(upload?.body.equals(text));
    assert.isUndefined(upload.authorization);
  });

  it("does not answer a challenge of a host where a foreign layer is", async () => {
    await using vendor = await startRogue((_, response) => {
      const challenge = `Bearer realm="http://${response.req.headers.host ?? ""}/token"`;
      reply(response, 401, { headers: { "WWW-Authenticate": challenge } });
    });
    await using server = await startGuarded({
      token: (_, response) => {
        give(response, { token: "T" });
      },
      accepts: (header) => header === "Bearer T",
    });
    const mediaType = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    const foreign = { ...blob, mediaType, urls: [`http://${vendor.host}/layer`] };
    await using client = newClient(alice);
    assert.deepEqual(await collect(client.blob(app(server), foreign)), text);
    assert.deepEqual(vendor.lines(), ["GET /layer"]);
    assert.isUndefined(vendor.received[0]?.authorization);
  });

  it("stops following redirects that never end", async () => {
    await using server = await startRogue((_, response) => {
      reply(response, 307, { headers: { Location: "/v2/again" } });
    });
    await using client = newClient();
    const error = await failureOf(collect(client.blob(app(server), blob)), "REGISTRY");
    assert.include(error.message, "more than 5 redirects");
  });
});
