/** Types of columns for select, insert and update. */
import type { ColumnType, JSONColumnType } from 'kysely';

export type RequiredTimestamp = ColumnType<Date, Date | string, Date | string>;
export type Timestamp = ColumnType<Date, Date | string | undefined, Date | string>;
export type NullableTimestamp = ColumnType<
  Date | null,
  Date | string | null | undefined,
  Date | string | null
>;
export type Json<T> = JSONColumnType<T & object, string, string>;
export type DefaultedJson<T> = ColumnType<T, string | undefined, string>;
