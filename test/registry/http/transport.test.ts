import { assert } from "chai";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { readBody, Transport } from "../../../src/registry/http/transport.js";
import { temporaryDirectory } from "../../context/temporary.js";

const run = promisify(execFile);

async function listen(server: Server): Promise<AsyncDisposable & { readonly port: number }> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens on a port");
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A proxy that leads every host name to this machine, and tells what it was asked. */
function makeProxy(asked: string[], refuse = false): Server {
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers["proxy-authorization"]}`);
    response.end("by proxy");
  });
  server.on("connect", ({ url = "", headers }, client) => {
    asked.push(`CONNECT ${url} ${headers["proxy-authorization"]}`);
    if (refuse) {
      client.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    const upstream = connect(Number(url.split(":").at(-1)), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.pipe(client).pipe(upstream);
    });
    client.on("error", () => upstream.destroy());
    upstream.on("error", () => client.destroy());
  });
  return server;
}

async function get(transport: Transport, url: string): Promise<string> {
  const response = await transport.send({ method: "GET", url: new URL(url) });
  return String(await readBody(response, 1000));
}

describe("N12 Transport with a proxy", () => {
  const temporary = temporaryDirectory();

  it("reaches a TLS server through a tunnel, and still checks its certificate", async () => {
    const key = join(temporary, "key.pem");
    const { stdout: ca } = await run("openssl", [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-days", "2", "-subj", "/CN=far.test", "-addext", "subjectAltName=DNS:far.test"],
      ...["-keyout", key],
    ]);
    const pair = { key: await readFile(key), cert: ca };
    const far = createSecureServer(pair, (_, response) => response.end("far"));
    await using server = await listen(far);
    const asked: string[] = [];
    await using proxy = await listen(makeProxy(asked));
    const options = {
      isInsecure: () => false,
      proxy: () => new URL(`http://me:p%40ss@127.0.0.1:${proxy.port}`),
    };
    const trusting = new Transport({ ...options, ca });
    const strict = new Transport(options);
    const url = `https://far.test:${server.port}/x`;
    assert.strictEqual(await get(trusting, url), "far");
    assert.strictEqual(await get(trusting, url), "far");
    const login = Buffer.from("me:p@ss").toString("base64");
    assert.deepEqual(asked, [`CONNECT far.test:${server.port} Basic ${login}`]);
    assert.match(await get(strict, url).catch(String), /self-signed/);
    trusting.close();
    strict.close();
  });

  it("sends plain requests to the proxy whole", async () => {
    const asked: string[] = [];
    await using proxy = await listen(makeProxy(asked));
    const transport = new Transport({
      isInsecure: () => false,
      proxy: () => new URL(`http://127.0.0.1:${proxy.port}`),
    });
    assert.strictEqual(await get(transport, "http://far.test/a?b#c"), "by proxy");
    assert.deepEqual(asked, ["GET http://far.test/a?b undefined"]);
    transport.close();
  });

  it("tells of a proxy that refuses", async () => {
    await using proxy = await listen(makeProxy([], true));
    const transport = new Transport({
      isInsecure: () => false,
      proxy: () => new URL(`http://127.0.0.1:${proxy.port}`),
    });
    const failure = await get(transport, "https://far.test/").catch(String);
    assert.include(failure, "the proxy answered with status 403");
    transport.close();
  });
});
