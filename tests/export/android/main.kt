// Restores a picture with the model that gives its input back: the picture must come out.
import android.content.Context
import android.graphics.Bitmap
import hinet.restore.Restorer

fun main(arguments: Array<String>) {
    for (size in listOf(1 to 1, 40 to 90, 64 to 64, 150 to 203)) {
        val (height, width) = size
        val photo = Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888)
        val pixels = IntArray(width * height) { (it * -1640531527) or (it shl 24) }
        photo.setPixels(pixels, 0, width, 0, 0, width, height)
        val parts = mutableListOf<Float>()
        val restorer = Restorer(Context())
        val result = restorer.restore(photo) { parts += it }
        val found = IntArray(width * height)
        result.getPixels(found, 0, width, 0, 0, width, height)
        check(found.contentEquals(pixels)) { "$height x $width differs" }
        check(parts.last() == 1f && parts == parts.sorted() && restorer.device == "processor")
        println("$height x $width: ${parts.size} tiles")
        restorer.close()
    }
}
