/** Limits of notifications. */
import { units } from '../core/units.ts';

export const notificationLimits = {
  notificationPatterns: 100,
  notificationPatternChars: 100,
  notificationFilterValues: 100,
  notificationUrlChars: 2_000,
  notificationReferenceChars: 1_000,
  notificationSecrets: 5,
  notificationRecipients: 50,
  notificationAddressChars: 320,
  notificationDigestMsMax: units.dayMs,
  notificationRotateBytesMin: units.KiB,
  notificationRotateBytesMax: 10 * units.GiB,
  notificationRotateBytesDefault: 64 * units.MiB,
  notificationRotateFilesMax: 1_000,
  notificationRotateFilesDefault: 10,
  notificationReplayItems: 10_000,
} as const;
