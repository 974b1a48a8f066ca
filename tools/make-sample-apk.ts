/**
 * Builds the sample of the apktool engine: a small, real, signed Android application (manifest,
 * resources, one class), so that a first run needs neither a download of an application nor the
 * Android tools. Those run in a container that is removed afterwards.
 *
 *   node tools/make-sample-apk.ts [FILE]      (default: engines/apktool/sample.apk)
 */
import { writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { anyAnswer } from '@lazaret/docker';
import {
  buildBase,
  ensureDocker,
  packFiles,
  removeImage,
  sendTar,
  withEngine,
  type Log,
} from '@lazaret/setup';

const samplePath = fileURLToPath(new URL('../engines/apktool/sample.apk', import.meta.url));
const image = 'lazaret/sample-apk:latest';
const tarBlockBytes = 512;

const tools = {
  name: 'lazaret/base-sample-apk',
  packages: ['aapt', 'android-framework-res', 'apksigner', 'default-jre-headless', 'libsmali-java'],
  without: [
    'ca-certificates-java',
    'java-common',
    'libasound2',
    'libcups2',
    'libfontconfig1',
    'libfreetype6',
    'libharfbuzz0b',
    'libjpeg62-turbo',
    'liblcms2-2',
    'libnss3',
    'libpcsclite1',
    'util-linux',
  ],
};

const sources = {
  Dockerfile: `ARG BASE
FROM \${BASE}
COPY . /build
RUN sh -e /build/make
`,
  make: `cd /build
JAVA=/usr/lib/jvm/default-java/bin/java
FRAMEWORK=/usr/share/android-framework-res/framework-res.apk
mkdir build
"$JAVA" -cp '/usr/share/java/*' org.jf.smali.Main assemble -o build/classes.dex smali
aapt package -f -M AndroidManifest.xml -S res -A assets -I "$FRAMEWORK" -F sample.apk build
"\${JAVA%java}keytool" -genkeypair -keystore keys -storetype PKCS12 -storepass quarantine \\
  -alias sample -keyalg RSA -keysize 2048 -validity 10000 -dname 'CN=Lazaret sample'
"$JAVA" -jar /usr/share/java/apksigner.jar sign --ks keys --ks-pass pass:quarantine \\
  --v4-signing-enabled false sample.apk
`,
  'AndroidManifest.xml': `<?xml version="1.0" encoding="utf-8"?>
<manifest xmlns:android="http://schemas.android.com/apk/res/android"
    package="org.lazaret.sample" android:versionCode="1" android:versionName="1.0">
  <uses-sdk android:minSdkVersion="21" android:targetSdkVersion="29" />
  <uses-permission android:name="android.permission.INTERNET" />
  <application android:label="@string/title" android:allowBackup="false">
    <activity android:name=".MainActivity">
      <intent-filter>
        <action android:name="android.intent.action.MAIN" />
        <category android:name="android.intent.category.LAUNCHER" />
      </intent-filter>
    </activity>
  </application>
</manifest>
`,
  'res/values/strings.xml': `<?xml version="1.0" encoding="utf-8"?>
<resources>
  <string name="title">Lazaret sample</string>
  <string name="greeting">Held in quarantine until it was looked at.</string>
</resources>
`,
  'res/layout/main.xml': `<?xml version="1.0" encoding="utf-8"?>
<TextView xmlns:android="http://schemas.android.com/apk/res/android"
    android:layout_width="match_parent" android:layout_height="match_parent"
    android:gravity="center" android:text="@string/greeting" />
`,
  'assets/cargo.txt': 'One crate, unopened.\n',
  'smali/MainActivity.smali': `.class public Lorg/lazaret/sample/MainActivity;
.super Landroid/app/Activity;
.source "MainActivity.java"

.method public constructor <init>()V
    .registers 1
    invoke-direct {p0}, Landroid/app/Activity;-><init>()V
    return-void
.end method

.method protected onCreate(Landroid/os/Bundle;)V
    .registers 4
    invoke-super {p0, p1}, Landroid/app/Activity;->onCreate(Landroid/os/Bundle;)V
    const-string v0, "Lazaret"
    const-string v1, "The sample came ashore."
    invoke-static {v0, v1}, Landroid/util/Log;->i(Ljava/lang/String;Ljava/lang/String;)I
    return-void
.end method
`,
};

interface MakeOptions {
  /** Path of the engine's unix socket. */
  readonly socket: string;
  readonly log: Log;
}

/** Builds the sample; its signature, and so its hash, differs every time. */
async function makeSampleApk({ socket, log }: MakeOptions): Promise<Buffer> {
  const base = await buildBase({ ...tools, socket, log });
  const files = Object.entries(sources).map(([name, text]) => ({ name, bytes: Buffer.from(text) }));
  const buildargs = JSON.stringify({ BASE: base.image });
  const query = { t: image, rm: '1', forcerm: '1', networkmode: 'none', buildargs };
  log('Building the sample');
  const body = Readable.from([packFiles(files)]);
  await sendTar(socket, { path: '/build', query, body, log });
  try {
    return await copyOut(socket, '/build/sample.apk');
  } finally {
    await removeImage(socket, image);
  }
}

/** Copies one file from a container of the image. */
async function copyOut(socket: string, path: string): Promise<Buffer> {
  return withEngine(socket, async (client) => {
    const create = { method: 'POST', path: '/containers/create', json: { Image: image } } as const;
    const { Id: id } = (await client.call(create, anyAnswer)) as { Id: string };
    try {
      const request = {
        method: 'GET',
        path: `/containers/${id}/archive`,
        query: { path },
      } as const;
      const archive = await buffer(await client.stream(request));
      const sizeBytes = Number.parseInt(archive.toString('latin1', 124, 135), 8);
      return archive.subarray(tarBlockBytes, tarBlockBytes + sizeBytes);
    } finally {
      const remove = { method: 'DELETE', path: `/containers/${id}`, query: { force: 1 } } as const;
      await client.call(remove, anyAnswer);
    }
  });
}

const log: Log = (line) => void process.stderr.write(`${line}\n`);
const { socket, advice } = await ensureDocker({ log });
if (socket === undefined) throw new Error(advice);
const file = process.argv[2] ?? samplePath;
const apk = await makeSampleApk({ socket, log });
writeFileSync(file, apk);
log(`${file}: ${apk.length} bytes`);
