import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunCommand } from './server.ts'

/** Makes a key and a certificate for this machine, which its own certificate vouches for. */
export async function makeCertificate(folder: string, run: RunCommand) {
  await mkdir(folder)
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const files = ['-keyout', key, '-out', certificate, '-days', '30', '-subj', '/CN=localhost']
  const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  await run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, ...names])
  return { key, certificate }
}
