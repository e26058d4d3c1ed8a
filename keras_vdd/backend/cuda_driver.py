"""What the NVIDIA driver says of itself and its devices, whichever backend asks; None where there is none."""

import ctypes


def device_bytes(number):
    """Return all memory of a device in bytes, counted as CUDA_VISIBLE_DEVICES leaves them."""
    total, device = ctypes.c_size_t(), ctypes.c_int()
    driver = _library("libcuda.so.1")
    try:
        failed = driver.cuInit(0) or driver.cuDeviceGet(ctypes.byref(device), number)
        failed = failed or driver.cuDeviceTotalMem_v2(ctypes.byref(total), device)
    except AttributeError:
        return None
    return None if failed else total.value


def versions():
    """Return (driver, CUDA): the driver's version, such as "550.54.15", and the newest CUDA it runs, "12.4"."""
    text, number = ctypes.create_string_buffer(96), ctypes.c_int()
    manager, driver = _library("libnvidia-ml.so.1"), _library("libcuda.so.1")
    try:
        failed = manager.nvmlInit_v2() or manager.nvmlSystemGetDriverVersion(text, len(text))
        failed = failed or driver.cuDriverGetVersion(ctypes.byref(number))
    except AttributeError:
        return None, None
    if failed:
        return None, None
    return text.value.decode(), f"{number.value // 1000}.{number.value % 1000 // 10}"


def _library(name):
    try:
        return ctypes.CDLL(name)
    except OSError:
        return None
