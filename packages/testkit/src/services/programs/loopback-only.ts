import { type ListenOptions, Server } from 'node:net'

// Imported before a server that would listen on every interface: it listens on 127.0.0.1 alone.

type Listen = (options: ListenOptions, listening?: () => void) => Server

const listen = Server.prototype.listen as Listen

Server.prototype.listen = function (this: Server, where: number | ListenOptions, ...rest: unknown[]): Server {
  const options = typeof where === 'object' ? where : { port: Number(where) }
  const listening = rest.find((argument) => typeof argument === 'function')
  return listen.call(this, { ...options, host: '127.0.0.1' }, listening as (() => void) | undefined)
} as typeof Server.prototype.listen
