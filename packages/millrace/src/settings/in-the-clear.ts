import { hostOf, isLoopback } from '@millrace/base'
import type { SettingKey } from './keys.ts'

/** A secret that would travel where anybody on the way can read it. */
export function inTheClear(key: SettingKey, address: string, environment: NodeJS.ProcessEnv): string | undefined {
  if (address.startsWith('kafka:')) return kafkaLogin(address)
  if (/^(rest|api):http:/i.test(address) && environment.MILLRACE_GATEWAY_KEY && !isOnThisMachine(address)) {
    return 'MILLRACE_GATEWAY_KEY is sent over plain http, where it can be read on the way: write https'
  }
  return key === 'registry' ? registryLogin(address, environment) : undefined
}

function registryLogin(address: string, environment: NodeJS.ProcessEnv): string | undefined {
  const { MILLRACE_REGISTRY_TOKEN, MILLRACE_REGISTRY_TOKEN_FILE, MILLRACE_REGISTRY_USERNAME } = environment
  const hasLogin = MILLRACE_REGISTRY_TOKEN ?? MILLRACE_REGISTRY_TOKEN_FILE ?? MILLRACE_REGISTRY_USERNAME
  const url = URL.parse(address)
  if (!hasLogin || url?.protocol !== 'http:' || isLoopback(hostOf(url))) return undefined
  return 'the login of the schema registry is sent over plain http, where it can be read on the way: write https'
}

/** SCRAM proves that it knows the password; these send it, or the token. */
const SENT: Readonly<Record<string, string>> = { plain: 'the password', oauthbearer: 'the token' }

function kafkaLogin(address: string): string | undefined {
  const settings = new URLSearchParams(address.split('?', 2)[1])
  const sasl = settings.get('sasl') ?? ''
  const sent = SENT[sasl]
  const isEncrypted = settings.get('ssl') === 'true' || (settings.get('ssl') === null && settings.has('ca'))
  if (sent === undefined || isEncrypted) return undefined
  return `sasl=${sasl} without TLS sends ${sent} so that it can be read on the way: add ssl=true`
}

function isOnThisMachine(address: string): boolean {
  const url = URL.parse(address.slice(address.indexOf(':') + 1))
  return url !== null && isLoopback(hostOf(url))
}
