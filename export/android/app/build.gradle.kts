plugins {
    id("com.android.application")
    id("org.jetbrains.kotlin.android")
}

android {
    namespace = "hinet.restore"
    compileSdk = 36
    defaultConfig {
        applicationId = "hinet.restore"
        minSdk = 28
        targetSdk = 36
        versionCode = 1
        versionName = "1.0"
    }
    // The model is mapped into memory as it lies in the package.
    androidResources { noCompress += "tflite" }
}

kotlin { jvmToolchain(17) }

dependencies {
    implementation("com.google.ai.edge.litert:litert:2.3.0")
    // From 2.3 on an artefact of its own; without it "GPU or CPU" quietly means CPU.
    implementation("com.google.ai.edge.litert:litert-gpu:2.3.0")
}
