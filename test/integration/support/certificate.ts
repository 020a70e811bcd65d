import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOk, tempDir } from '@mini-nova/testing';

/** A certificate that signs itself, for 127.0.0.1 and no other name. */
export interface Certificate {
  /** The path of the certificate, which is also its own CA. */
  file: string;
  keyFile: string;
  cert: Buffer;
  key: Buffer;
}

export async function createCertificate(): Promise<Certificate> {
  const folder = tempDir('mini-nova-tls-');
  const [file, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const days = ['-days', '2'];
  const names = ['-subj', '/CN=broker', '-addext', 'subjectAltName=IP:127.0.0.1'];
  await runOk('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', keyFile, '-out', file],
    ...days,
    ...names,
  ]);
  return { file, keyFile, cert: await readFile(file), key: await readFile(keyFile) };
}
