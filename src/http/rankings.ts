/** For shop systems and for measuring: what goes with these products. */
import type { App } from './app-context.ts'

export function rankings(_app: App): void {}
