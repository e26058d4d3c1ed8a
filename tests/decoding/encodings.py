"""How videos are encoded: codecs with their pixel formats and the endings of files that they come in."""

X264 = "-c:v libx264 -preset ultrafast -bf {b} -g {gop}"
ALT = "-lag-in-frames 8 -g {gop} -deadline good -cpu-used 5"
X265 = "-c:v libx265 -preset ultrafast -x265-params log-level=none:bframes={b}:keyint={gop}:pools=none"
VPX = "-deadline realtime -cpu-used 8 -g {gop}"
AV1 = "-c:v libsvtav1 -preset 12 -g {gop} -s 96x64"
MPEG = "-qscale:v 3 -bf {b} -g {gop}"
PLAIN = "-qscale:v 3 -g {gop}"

# By codec: how it is encoded, pixel formats, and the endings of files it comes in.
CODECS = {
    "h264": (X264, "yuv420p yuv422p yuv444p gray nv12",
             "mp4 mov m4v mkv avi flv f4v ts mts m2ts 3gp mpg vob nut asf h264 264"),
    "phone": (X264, "yuv420p", "mp4 mov m4v"),
    "phone-hevc": (X265, "yuv420p yuv420p10le", "mp4 mov"),
    "h264-10": (X264, "yuv420p10le", "mp4 mkv ts mov"),
    "h264-open": (X264 + " -x264-params open-gop=1", "yuv420p", "mp4 mkv ts mov h264"),
    "hevc": (X265, "yuv420p yuv420p10le yuv444p yuv422p12le gbrp gray12le", "mp4 mov mkv ts hevc h265 mts"),
    "mpeg4": ("-c:v mpeg4 " + MPEG, "yuv420p", "avi mp4 mov mkv 3gp m4v ts nut asf divx"),
    "xvid": ("-c:v mpeg4 -vtag xvid " + MPEG, "yuv420p", "avi"),
    "mpeg2": ("-c:v mpeg2video " + MPEG, "yuv420p yuv422p", "mpg mpeg vob ts m2v mkv mp4 avi mxf mov"),
    "mpeg1": ("-c:v mpeg1video -r 25 " + MPEG, "yuv420p", "mpg mpeg m1v mkv avi mp4"),
    "vp8": ("-c:v libvpx " + VPX, "yuv420p", "webm mkv ivf avi"),
    "vp8-alt": ("-c:v libvpx -auto-alt-ref 1 " + ALT, "yuv420p", "webm mkv"),
    "vp9": ("-c:v libvpx-vp9 " + VPX, "yuv420p yuv444p yuv420p10le yuv444p12le gbrp", "webm mkv mp4 ivf"),
    "vp9-alt": ("-c:v libvpx-vp9 " + ALT, "yuv420p", "webm mkv mp4"),
    "vp8-alpha": ("-c:v libvpx -auto-alt-ref 0 " + VPX, "yuva420p", "webm mkv"),
    "vp9-alpha": ("-c:v libvpx-vp9 " + VPX, "yuva420p", "webm mkv"),
    "av1": (AV1, "yuv420p yuv420p10le", "mp4 webm mkv ivf obu"),
    "theora": ("-c:v libtheora -qscale:v 8 -g {gop}", "yuv420p", "ogv mkv ogm"),
    "mjpeg": ("-c:v mjpeg -qscale:v 3", "yuvj420p yuvj422p yuvj444p", "avi mov mkv mp4 mjpg mjpeg nut"),
    "photographs": ("-c:v mjpeg -qscale:v 3", "yuvj420p yuvj422p", "avi mkv mov"),
    "prores": ("-c:v prores_ks", "yuv422p10le yuva444p10le", "mov mkv"),
    "dnxhr": ("-c:v dnxhd -profile:v dnxhr_lb -s 256x192", "yuv422p", "mov mxf mkv"),
    "ffv1": ("-c:v ffv1 -g 1",
             "yuv420p bgr0 gray yuv444p16le gbrp12le yuva420p gray10le rgb48le yuv411p", "mkv avi nut mov"),
    "png": ("-c:v png", "rgb24 rgba gray pal8 monob gray16be rgb48be ya8", "mov mkv avi"),
    "qtrle": ("-c:v qtrle", "rgb24 argb rgb555be gray", "mov"),
    "huffyuv": ("-c:v huffyuv", "yuv422p rgb24", "avi mkv"),
    "utvideo": ("-c:v utvideo", "gbrp yuv422p", "avi mkv"),
    "raw": ("-c:v rawvideo", "yuv420p uyvy422 gray", "avi nut mkv"),
    "y4m": ("-c:v wrapped_avframe", "yuv420p yuv444p gray", "y4m"),
    "rgb": ("-c:v rawvideo", "bgr24 bgra rgb555le pal8", "avi nut"),
    "gif": ("-c:v gif", "rgb8", "gif"),
    "apng": ("-c:v apng -plays 1", "rgb24", "apng"),
    "wmv": ("-c:v wmv2 " + PLAIN, "yuv420p", "wmv asf avi"),
    "wmv1": ("-c:v wmv1 " + PLAIN, "yuv420p", "wmv asf"),
    "msmpeg4": ("-c:v msmpeg4 " + PLAIN, "yuv420p", "avi asf"),
    "sorenson": ("-c:v flv " + PLAIN, "yuv420p", "flv swf"),
    "h263": ("-c:v h263 -s 128x96 " + PLAIN, "yuv420p", "3gp avi"),
    "rv20": ("-c:v rv20 -b:v 300k -g {gop}", "yuv420p", "rm"),
    "svq1": ("-c:v svq1 " + PLAIN, "yuv410p", "mov"),
    "cinepak": ("-c:v cinepak", "rgb24", "avi mov"),
    "dv": ("-c:v dvvideo -s 720x576 -r 25", "yuv420p", "dv avi mov"),
    "jpeg2000": ("-c:v jpeg2000 -pred 1", "yuv420p", "mov mxf"),
    "images": ("-c:v tiff", "rgb24 gray16le pal8", "mov"),
    "targa": ("-c:v targa", "bgra pal8", "mov"),
    "exr": ("-c:v exr", "gbrpf32le", "mov mkv"),
    "dpx": ("-c:v dpx", "gbrp10le", "mov mkv"),
    "edit": ("-c:v v210", "yuv422p10le", "mov"),
    "edit-rgb": ("-c:v r210", "gbrp10le", "mov"),
    "cineform": ("-c:v cfhd", "yuv422p10le gbrap12le", "mov mkv"),
    "dirac": ("-c:v vc2 -strict -2", "yuv420p yuv444p12le", "mov mkv"),
    "magicyuv": ("-c:v magicyuv", "gbrp yuva444p", "avi mkv"),
    "screen": ("-c:v zmbv", "bgr0 pal8", "avi"),
    "screen-flash": ("-c:v flashsv", "bgr24", "flv"),
    "asv": ("-c:v asv1", "yuv420p", "avi"),
    "video1": ("-c:v msvideo1", "rgb555le", "avi"),
    "apple": ("-c:v rpza", "rgb555be", "mov"),
    "snow": ("-c:v snow -strict -2", "yuv420p", "avi"),
}  # fmt: skip
COLOURS = ("-colorspace bt709", "-colorspace bt470bg", "-color_range pc", "-color_range tv")
