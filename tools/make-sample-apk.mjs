/**
 * Makes the sample of the apktool engine: a small, real, signed Android application of our own
 * (manifest, resources, one class), so that a first run needs neither a download of somebody's
 * application nor the Android tools. Those run in a container that is removed afterwards.
 *
 *   node tools/make-sample-apk.mjs [FILE]      (default: engines/apktool/sample.apk)
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildBase } from './base-image.mjs';
import { ensureDocker } from './docker.mjs';
import { askEngine, callEngine, sendTar } from './engine-api.mjs';
import { packFiles } from './pack-files.mjs';

const SAMPLE = fileURLToPath(new URL('../engines/apktool/sample.apk', import.meta.url));
const IMAGE = 'lazaret/sample-apk:latest';
const TAR_BLOCK_BYTES = 512;

const TOOLS = {
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

const SOURCES = {
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

/**
 * Makes the sample.
 *
 * @param {{ socket: string, log?: (line: string) => void }} options
 * @returns {Promise<Buffer>} the APK; its signature, and so its hash, differs every time
 */
export async function makeSampleApk({ socket, log = () => {} }) {
  const base = await buildBase({ ...TOOLS, socket, log });
  const files = Object.entries(SOURCES).map(([name, text]) => ({ name, bytes: Buffer.from(text) }));
  const query = new URLSearchParams({ t: IMAGE, rm: '1', forcerm: '1', networkmode: 'none' });
  query.set('buildargs', JSON.stringify({ BASE: base.image }));
  log('Building the sample');
  await sendTar(socket, { path: `/build?${query}`, body: packFiles(files), log });
  try {
    return await copyOut({ socket, path: '/build/sample.apk' });
  } finally {
    await askEngine(socket, { method: 'DELETE', path: `/images/${IMAGE}?force=1` });
  }
}

async function copyOut({ socket, path }) {
  const create = { method: 'POST', path: '/containers/create', json: { Image: IMAGE } };
  const { Id: id } = await askEngine(socket, create);
  try {
    const { status, body } = await callEngine(socket, {
      path: `/containers/${id}/archive?path=${encodeURIComponent(path)}`,
    });
    if (status !== 200) throw new Error(`${path} was not made: ${body.toString('utf8')}`);
    const sizeBytes = Number.parseInt(body.toString('latin1', 124, 135), 8);
    return body.subarray(TAR_BLOCK_BYTES, TAR_BLOCK_BYTES + sizeBytes);
  } finally {
    await askEngine(socket, { method: 'DELETE', path: `/containers/${id}?force=1` });
  }
}

async function main() {
  const log = (line) => process.stderr.write(`${line}\n`);
  const docker = await ensureDocker({ log });
  if (docker.state === 'missing') throw new Error(docker.advice);
  const file = process.argv[2] ?? SAMPLE;
  const apk = await makeSampleApk({ socket: docker.socket, log });
  writeFileSync(file, apk);
  log(`${file}: ${apk.length} bytes`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
