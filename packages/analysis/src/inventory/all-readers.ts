import { goBinaryReader } from './language/go-binary.ts';
import { javaReader } from './language/java.ts';
import { rustBinaryReader, cargoLockReader } from './language/rust-binary.ts';
import { scriptReaders } from './language/script-readers.ts';
import type { Reader } from './reader.ts';
import { apkReader } from './system/apk.ts';
import { accountsReader } from './system/accounts.ts';
import { dpkgReader, dpkgFilesReader } from './system/dpkg.ts';
import { rpmReader } from './system/rpm/rpm.ts';

/** Every reader of the inventory, in the order in which they see a file. */
export const allReaders: readonly Reader[] = [dpkgReader, dpkgFilesReader, apkReader, rpmReader, accountsReader, ...scriptReaders, goBinaryReader, rustBinaryReader, cargoLockReader, javaReader];
