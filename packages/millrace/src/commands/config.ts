import type { Command, Run } from '../command.ts'
import { SETTING_KEYS, type SettingKey, settingInfo } from '../settings/keys.ts'
import type { ResolvedSettings } from '../settings/resolve.ts'

const run: Run = async (settings, args, io) => {
  const rows = SETTING_KEYS.map((key) => ({
    setting: key,
    value: shown(key, settings),
    origin: settings.origins[key].name,
  }))
  if (args.switch('--json')) io.json(rows)
  else
    await io.table(
      ['setting', 'value', 'origin'],
      rows.map((row) => Object.values(row)),
    )
  return 0
}

function shown(key: SettingKey, { written }: ResolvedSettings): unknown {
  const value = written[key]
  if (value === undefined) return null
  return settingInfo(key).secret ? '***' : value
}

/** A setting whose flag is that of another one has it only where a command has not the other. */
function hasFlag(key: SettingKey): boolean {
  const { secret, flag } = settingInfo(key)
  return !secret && flag === undefined
}

export const config: Command = {
  about:
    'Prints each setting, its value, and whether that came from a flag, the environment, millrace.config.ts or the default.',
  settings: SETTING_KEYS.filter(hasFlag),
  options: [{ flag: '--json', description: 'as an array of objects' }],
  examples: [
    { command: 'millrace config', does: 'what would a command run with?' },
    { command: 'MILLRACE_LAKE=s3://bucket/lake millrace config --json', does: 'the same for a program' },
  ],
  run,
}
