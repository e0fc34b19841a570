package hinet.restore

/** What is known of the files in `assets`; the exporter writes the values. */
object ModelFile {
    const val GPU_FILE = "denoise.tflite"
    const val CPU_FILE = "denoise_cpu.tflite"
    const val SIGNATURE = "restore_256x256"
    const val INPUT = "image"
    const val OUTPUT = "restored"
    const val TILE = 256
    const val OVERLAP = 32
    const val CHANNELS = 3

    /** The value of white; black is 0. */
    const val WHITE = 1f
}
