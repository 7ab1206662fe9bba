import { readFileSync } from 'node:fs'
import { MillraceError } from './errors.ts'

/** Reads the certificate that an address names as the one to trust. */
export function readCertificate(path: string, address: string): Buffer {
  let certificate: Buffer
  try {
    certificate = readFileSync(path)
  } catch (cause) {
    throw new MillraceError('CONFIG_INVALID', `${address}: ${path} cannot be read`, { cause, next: NAME_CERTIFICATE })
  }
  if (certificate.includes('-----BEGIN CERTIFICATE-----')) return certificate
  throw new MillraceError('CONFIG_INVALID', `${address}: ${path} holds no certificate`, { next: NAME_CERTIFICATE })
}

const NAME_CERTIFICATE = 'Name the file of a certificate to trust, in PEM, as ?ca=FILE.'
