import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { assert } from "chai";
import { parseReference } from "../../src/oci/reference.js";
import { hostCertificates } from "../../src/registry/host-certificates.js";
import { systemAuthorities } from "../../src/registry/http/authorities.js";
import type { TrustOptions } from "../../src/registry/http/trust.js";
import { RegistryClient } from "../../src/registry/registry-client.js";
import { directoryWith, temporaryDirectory } from "../context/temporary.js";
import { failureOf } from "../oci/build-errors.js";
import { makeCertificate, type CertificateFiles } from "./certificates.js";
import { startRegistry, type RegistryServer } from "./docker-registry.js";
import { listen, makeProxy } from "./http/test-proxy.js";

describe("N09 a registry of a private authority that wants client certificates", () => {
  const temporary = temporaryDirectory();
  let authority: CertificateFiles;
  let client: CertificateFiles;
  let registry: RegistryServer;
  let proxy: Awaited<ReturnType<typeof listen>>;
  /** A name that is not this machine: what is on loopback is never verified. */
  let host: string;

  before(async () => {
    authority = await makeCertificate(temporary, "authority");
    client = await makeCertificate(temporary, "client", authority);
    const tls = await makeCertificate(temporary, "server", authority);
    registry = await startRegistry({ tls, clients: authority.certificate });
    proxy = await listen(makeProxy([]));
    host = `registry.test:${new URL(`http://${registry.host}`).port}`;
  });
  after(async () => {
    await registry[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  });

  async function certsD(names: Readonly<Record<string, string>>): Promise<string> {
    const directory = directoryWith(temporary, {});
    for (const [name, from] of Object.entries(names)) {
      const path = join(directory, host, name);
      await mkdir(dirname(path), { recursive: true });
      await copyFile(from, path);
    }
    return directory;
  }

  async function ask(trust: TrustOptions): Promise<unknown> {
    await using registryClient = new RegistryClient({
      ...trust,
      credentials: () => Promise.resolve(undefined),
      proxy: () => new URL(`http://127.0.0.1:${proxy.port}`),
      retryDelays: [],
    });
    return await registryClient.resolve(parseReference(`${host}/none`));
  }

  const whole = () => ({
    "ca.crt": authority.certificate,
    "client.cert": client.certificate,
    "client.key": client.key,
  });

  it("answers to whom certs.d has a certificate for", async () => {
    const certificates = hostCertificates([directoryWith(temporary, {}), await certsD(whole())]);
    await failureOf(ask({ certificates }), "IMAGE_NOT_FOUND");
  });

  it("does not answer without the client certificate", async () => {
    const { "ca.crt": ca } = whole();
    const certificates = hostCertificates([await certsD({ "ca.crt": ca })]);
    const error = await failureOf(ask({ certificates }), "REGISTRY");
    assert.match(error.message, new RegExp(`^Cannot reach registry "${host}": `));
  });

  it("is not trusted without its authority, and the hint says where to put it", async () => {
    const { "ca.crt": _, ...own } = whole();
    const certificates = hostCertificates([await certsD(own)]);
    const error = await failureOf(ask({ certificates }), "REGISTRY");
    assert.match(error.message, /its certificate is not trusted \(UNABLE_TO_VERIFY/);
    assert.include(error.hint ?? "", `/etc/docker/certs.d/${host}/ca.crt`);
  });

  it("is trusted when the machine knows its authority", async () => {
    const { "ca.crt": ca, ...own } = whole();
    const certificates = hostCertificates([await certsD(own)]);
    const options = { certificates, moreAuthorities: () => systemAuthorities(ca) };
    await failureOf(ask(options), "IMAGE_NOT_FOUND");
    const both = await Promise.allSettled([ask(options), ask(options), ask(options)]);
    for (const { status } of both) assert.strictEqual(status, "rejected");
  });

  it("is told of with the name of the file that is missing", async () => {
    const { "client.key": _, ...rest } = whole();
    const certificates = hostCertificates([await certsD(rest)]);
    const error = await failureOf(ask({ certificates }), "REGISTRY");
    assert.match(error.message, /client\.cert": its key \(\*\.key\) is missing$/);
    const { "client.cert": __, ...other } = whole();
    const lonely = hostCertificates([await certsD(other)]);
    assert.match(
      (await failureOf(ask({ certificates: lonely }), "REGISTRY")).message,
      /client\.key"/,
    );
  });

  it("is told of with the directory of certificates that are none", async () => {
    const directory = await certsD(whole());
    await writeFile(join(directory, host, "client.key"), "-----BEGIN NONSENSE-----\n");
    const error = await failureOf(ask({ certificates: hostCertificates([directory]) }), "REGISTRY");
    assert.include(error.message, `Cannot use the certificates in "${join(directory, host)}"`);
  });
});

describe("N09 hostCertificates()", () => {
  const temporary = temporaryDirectory();
  const cases: readonly (readonly [host: string, directory: string])[] = [
    ["ghcr.io", "ghcr.io"],
    ["ghcr.io", "ghcr.io:443"],
    ["ghcr.io:5000", "ghcr.io:5000"],
    ["registry-1.docker.io", "docker.io"],
    ["registry-1.docker.io", "registry-1.docker.io"],
  ];
  for (const [host, name] of cases) {
    it(`finds those of ${host} in ${name}/`, async () => {
      const directory = directoryWith(temporary, {
        [`${name}/a.crt`]: "A",
        [`${name}/b.crt`]: "B",
      });
      const found = await hostCertificates([directory])(host);
      assert.deepStrictEqual(found?.authorities, ["A", "B"]);
    });
  }

  it("finds nothing for other hosts and ports", async () => {
    const find = hostCertificates([
      directoryWith(temporary, { "ghcr.io:5000/a.crt": "A" }),
      "/none",
    ]);
    for (const host of ["ghcr.io", "quay.io", "ghcr.io:5001"]) assert.isUndefined(await find(host));
  });
});

describe("N09 systemAuthorities()", () => {
  const temporary = temporaryDirectory();

  it("reads the file that is named, and none in place of one that cannot be read", async () => {
    const file = join(directoryWith(temporary, { "ca.pem": "PEM" }), "ca.pem");
    assert.strictEqual(systemAuthorities(file), await readFile(file, "utf8"));
    assert.isUndefined(systemAuthorities("/none.pem"));
  });
});
