import { assert } from "chai";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { readBody, Transport } from "../../../src/registry/http/transport.js";
import { temporaryDirectory } from "../../context/temporary.js";
import { makeCertificate } from "../certificates.js";
import { listen, makeProxy } from "./test-proxy.js";

async function get(transport: Transport, url: string): Promise<string> {
  const response = await transport.send({ method: "GET", url: new URL(url) });
  return String(await readBody(response, 1000));
}

describe("N12 Transport with a proxy", () => {
  const temporary = temporaryDirectory();

  it("reaches a TLS server through a tunnel, and still checks its certificate", async () => {
    const files = await makeCertificate(temporary, "far");
    const ca = await readFile(files.certificate, "utf8");
    const pair = { key: await readFile(files.key), cert: ca };
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
    const url = `https://registry.test:${server.port}/x`;
    assert.strictEqual(await get(trusting, url), "far");
    assert.strictEqual(await get(trusting, url), "far");
    const login = Buffer.from("me:p@ss").toString("base64");
    assert.deepEqual(asked, [`CONNECT registry.test:${server.port} Basic ${login}`]);
    assert.match(await get(strict, url).catch(String), /self-signed/);
    trusting.close();
    strict.close();
  });

  it("wants of an address behind a tunnel a certificate for this address", async () => {
    const files = await makeCertificate(temporary, "addressed");
    const ca = await readFile(files.certificate, "utf8");
    const pair = { key: await readFile(files.key), cert: ca };
    await using far = await listen(createSecureServer(pair, (_, response) => response.end("far")));
    await using proxy = await listen(makeProxy([]));
    const transport = new Transport({
      isInsecure: () => false,
      proxy: () => new URL(`http://127.0.0.1:${proxy.port}`),
      ca,
    });
    const answers = ["127.0.0.1", "10.1.2.3", "[fd00::1]"].map((address) =>
      get(transport, `https://${address}:${far.port}/`).catch(String),
    );
    const [own, ...others] = await Promise.all(answers);
    transport.close();
    assert.strictEqual(own, "far");
    for (const failure of others) assert.include(failure, "does not match certificate's altnames");
  });

  it("sends plain requests to the proxy whole", async () => {
    const asked: string[] = [];
    await using proxy = await listen(makeProxy(asked));
    await using far = await listen(createServer((_, response) => response.end("far")));
    const transport = new Transport({
      isInsecure: () => false,
      proxy: () => new URL(`http://127.0.0.1:${proxy.port}`),
    });
    assert.strictEqual(await get(transport, `http://registry.test:${far.port}/a?b#c`), "far");
    assert.deepEqual(asked, [`GET http://registry.test:${far.port}/a?b undefined`]);
    transport.close();
  });

  it("trusts a proxy with TLS as it trusts a server, also on the way to one that nobody need trust", async () => {
    const files = await makeCertificate(temporary, "proxy");
    const ca = await readFile(files.certificate, "utf8");
    const pair = { key: await readFile(files.key), cert: ca };
    await using plain = await listen(createServer((_, response) => response.end("plain")));
    await using far = await listen(createSecureServer(pair, (_, response) => response.end("far")));
    await using proxy = await listen(makeProxy([], { tls: pair }));
    const ways = [
      { moreAuthorities: () => ca, isInsecure: () => false },
      { ca, isInsecure: () => true },
      { isInsecure: () => true },
    ];
    const answers: string[][] = [];
    for (const way of ways) {
      const transport = new Transport({
        ...way,
        proxy: () => new URL(`https://127.0.0.1:${proxy.port}`),
      });
      const urls = [`https://registry.test:${far.port}/`, `http://registry.test:${plain.port}/`];
      answers.push(await Promise.all(urls.map((url) => get(transport, url).catch(String))));
      transport.close();
    }
    const [later, trusting, strict = []] = answers;
    assert.deepEqual(later, ["far", "plain"]);
    assert.deepEqual(trusting, ["far", "plain"]);
    for (const failure of strict) assert.match(failure, /self-signed/);
  });

  it("tells of a proxy that refuses", async () => {
    await using proxy = await listen(makeProxy([], { refuse: true }));
    const transport = new Transport({
      isInsecure: () => false,
      proxy: () => new URL(`http://127.0.0.1:${proxy.port}`),
    });
    const failure = await get(transport, "https://registry.test/").catch(String);
    assert.include(failure, "the proxy answered with status 403");
    transport.close();
  });
});
