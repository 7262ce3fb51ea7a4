import { assert } from "chai";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { engineAnswers, loadIntoEngine } from "../../src/output/load-into-engine.js";
import { BuildError } from "../../src/error.js";
import { findEngine } from "../../src/cli/build/find-engine.js";
import { FakeIo } from "../cli/fake-io.js";
import { failureOf } from "../oci/build-errors.js";
import { chunked, collect } from "../oci/bytes.js";
import { TemporaryDirectory } from "../store/fixture.js";

const { signal } = new AbortController();

/** What an engine at the end of a socket is asked, and what it answers. */
async function withEngine<T>(
  load: RequestListener,
  work: (socketPath: string) => Promise<T>,
): Promise<T> {
  await using temporary = await TemporaryDirectory.make();
  const socketPath = join(temporary.path, "engine.sock");
  const server = createServer((request, response) => {
    if (request.url === "/_ping") response.end("OK");
    else load(request, response);
  });
  server.listen(socketPath);
  await once(server, "listening");
  try {
    return await work(socketPath);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

describe("loadIntoEngine()", () => {
  it("F15 sends the archive to where docker load does", async () => {
    let seen: readonly unknown[] = [];
    const listener: RequestListener = (request, response) => {
      void collect(request).then((body) => {
        seen = [request.method, request.url, body.toString()];
        response.end('{"stream":"Loaded image: a"}\n');
      });
    };
    await withEngine(listener, async (socketPath) => {
      const engine = { name: "it", at: { socketPath } };
      assert.isTrue(await engineAnswers(engine, signal));
      await loadIntoEngine(engine, chunked(Buffer.from("archive"), 2), signal);
    });
    assert.deepStrictEqual(seen, ["POST", "/images/load?quiet=1", "archive"]);
  });

  const refusals: readonly (readonly [string, RequestListener, RegExp])[] = [
    [
      "an error in the progress",
      (request, response) => {
        request.resume().on("end", () => response.end('{"stream":"a"}\n{"error":"no space"}\n'));
      },
      /^Cannot load the image into "it": no space$/,
    ],
    [
      "an error instead of an answer, before the archive has been read",
      (_request, response) => {
        response.writeHead(500).end('{"message":"no such thing"}');
      },
      /^Cannot load the image into "it": no such thing$/,
    ],
    [
      "a connection that ends",
      (request) => request.socket.destroy(),
      /^Cannot load the image into "it": .+$/,
    ],
  ];
  for (const [name, listener, message] of refusals) {
    it(`F15 tells of ${name}`, async () => {
      await withEngine(listener, async (socketPath) => {
        const load = loadIntoEngine(
          { name: "it", at: { socketPath } },
          chunked(Buffer.alloc(1 << 20), 1000),
          signal,
        );
        assert.match((await failureOf(load, "OUTPUT")).message, message);
      });
    });
  }
});

describe("loadIntoEngine() of an archive that fails", () => {
  it("throws what the archive threw", async () => {
    const own = new BuildError("DIGEST_MISMATCH", "Cannot accept blob");
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield* chunked(Buffer.alloc(1000), 100);
      throw own;
    }
    await withEngine(
      (request) => request.resume(),
      async (socketPath) => {
        const load = loadIntoEngine({ name: "it", at: { socketPath } }, broken(), signal);
        assert.strictEqual(await failureOf(load, "DIGEST_MISMATCH"), own);
      },
    );
  });
});

describe("findEngine()", () => {
  it("F15 takes the engine that DOCKER_HOST names", async () => {
    await withEngine(
      () => undefined,
      async (socketPath) => {
        const name = `unix://${socketPath}`;
        const found = await findEngine(new FakeIo({ env: { DOCKER_HOST: name } }));
        assert.deepStrictEqual(found, { name, at: { socketPath } });
      },
    );
  });

  it("F15 takes the engine of CONTAINER_HOST where DOCKER_HOST is empty", async () => {
    await withEngine(
      () => undefined,
      async (socketPath) => {
        const name = `unix://${socketPath}`;
        const env = { DOCKER_HOST: "", CONTAINER_HOST: name };
        assert.strictEqual((await findEngine(new FakeIo({ env })))?.name, name);
      },
    );
  });

  it("F15 fails where that engine does not answer", async () => {
    const io = new FakeIo({ env: { DOCKER_HOST: "unix:///nowhere/engine.sock" } });
    const error = await failureOf(findEngine(io), "OUTPUT");
    assert.strictEqual(
      error.message,
      'Cannot load the image into "unix:///nowhere/engine.sock": no engine answers there',
    );
  });

  for (const env of [
    { DOCKER_HOST: "ssh://somewhere" },
    { DOCKER_HOST: "tcp://127.0.0.1:1", DOCKER_TLS_VERIFY: "1" },
  ]) {
    it(`F15 names ${env.DOCKER_HOST} as what it cannot use`, async () => {
      const error = await failureOf(findEngine(new FakeIo({ env })), "UNSUPPORTED");
      assert.include(error.message, env.DOCKER_HOST);
    });
  }

  for (const [host, address] of [
    ["127.0.0.1", "127.0.0.1"],
    ["[::1]", "::1"],
  ] as const) {
    it(`F15 takes the engine of tcp://${host}`, async () => {
      const server = createServer((_request, response) => response.end("OK"));
      server.listen(0, address);
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const name = `tcp://${host}:${port}`;
      const found = await findEngine(new FakeIo({ env: { DOCKER_HOST: name } }));
      server.close();
      assert.deepStrictEqual(found, { name, at: { host: address, port: String(port) } });
    });
  }

  it("F15 looks for the engines of the user", async () => {
    await using temporary = await TemporaryDirectory.make();
    const server = createServer((_request, response) => response.end("OK"));
    server.listen(join(temporary.path, "docker.sock"));
    await once(server, "listening");
    try {
      const found = await findEngine(new FakeIo({ env: { XDG_RUNTIME_DIR: temporary.path } }));
      assert.isDefined(found);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});
