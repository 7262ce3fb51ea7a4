import { assert } from "chai";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describeForAccounts } from "./support/site.js";

describeForAccounts(
  "the network of a step",
  (site) => {
    let server: Server;
    let port: number;

    before(async () => {
      server = createServer((_, response) => response.end("from the host\n")).listen(
        0,
        "127.0.0.1",
      );
      await once(server, "listening");
      ({ port } = server.address() as AddressInfo);
    });

    after(() => {
      server.closeAllConnections();
      server.close();
    });

    /** Fetches from the host's loopback: busybox's wget, linked statically, may crash over names. */
    const fetching = (flags = ""): string =>
      site.context({
        Dockerfile: `FROM debian:bookworm
SHELL ["/bin/bash", "-c"]
RUN ${flags} { exec 3<>/dev/tcp/127.0.0.1/${port} && echo -e 'GET / HTTP/1.0\\r\\n\\r' >&3 && tail -n1 <&3; } >/page; cat /page`,
      });

    it("cannot reach the host's loopback by default", async () => {
      await site.ok(["-t", "fetched", fetching()]);
      assert.strictEqual(await site.look("fetched", "cat /page"), "");
    });

    it("has a way out by default", async () => {
      const Dockerfile =
        "FROM busybox\nRUN ip route | grep default && ls /sys/class/net | grep -v lo";
      await site.ok([site.context({ Dockerfile })]);
    });

    it("is the host's with --network=host, where that is allowed", async () => {
      const context = fetching("--network=host");
      const refused = await site.tsbuild(["-t", "fetched", context]);
      assert.strictEqual(refused.code, 2);
      assert.match(refused.stderr, /^Dockerfile:3:1: Cannot .*network.host/m);
      await site.ok(["--allow", "network.host", "-t", "fetched", context]);
      assert.strictEqual(await site.look("fetched", "cat /page"), "from the host\n");
    });

    it("is only a loopback with --network=none, for a step or for all", async () => {
      for (const [flags, flag] of [
        ["--network=none", []],
        ["", ["--network=none"]],
      ] as const) {
        const Dockerfile = `FROM busybox\nRUN ${flags} ls /sys/class/net >/net # ${flags}`;
        await site.ok([...flag, "-t", "alone", site.context({ Dockerfile })]);
        assert.strictEqual(await site.look("alone", "cat /net"), "lo\n");
      }
    });

    it("knows the names of --add-host, in the step alone", async () => {
      const Dockerfile = "FROM busybox\nRUN grep -w there /etc/hosts >/found";
      await site.ok(["--add-host", "there=192.0.2.7", "-t", "hosts", site.context({ Dockerfile })]);
      assert.match(await site.look("hosts", "cat /found"), /^192\.0\.2\.7\s+there\n$/);
      assert.notInclude(await site.look("hosts", "cat /etc/hosts"), "there");
    });
  },
  { debian: true },
);
