import type { ConnectionOptions } from 'node:tls'

/** How the brokers' own logs name us. */
export const CLIENT_ID = 'millrace'

export interface Broker {
  readonly host: string
  readonly port: number
}

export type Mechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER'

/** Credentials: a name and a password, or a function that returns a token for each login. */
export type Login =
  | { readonly mechanism: Exclude<Mechanism, 'OAUTHBEARER'>; readonly username: string; readonly password: string }
  | { readonly mechanism: 'OAUTHBEARER'; readonly token: () => Promise<string> }

export interface Security {
  readonly tls?: ConnectionOptions
  readonly sasl?: Login
}
