# Finds libtorch >= 2.6: a folder named by CMAKE_PREFIX_PATH, else the project's own .venv (torch's CPU
# wheel), else the system's package (Debian 13: libtorch-dev).

file(GLOB STUDIO_WHEEL_TORCH "${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch/share/cmake")
if(STUDIO_WHEEL_TORCH)
    list(APPEND CMAKE_PREFIX_PATH ${STUDIO_WHEEL_TORCH})
endif()
find_package(Torch QUIET)
if(NOT Torch_FOUND)
    message(FATAL_ERROR "libtorch was not found. Run ./run or ./test, which install it, or name its folder: "
                        "-DCMAKE_PREFIX_PATH=/path/to/libtorch")
endif()
if(DEFINED Torch_VERSION AND Torch_VERSION VERSION_LESS 2.6)
    message(FATAL_ERROR "libtorch ${Torch_VERSION} is too old, 2.6 or newer is needed "
                        "(-DCMAKE_PREFIX_PATH=/path/to/libtorch names another).")
endif()
# The wheel's own configuration adds the folders of the machine it was built on to the run path.
if(TARGET caffe2::mkl)
    set_property(TARGET caffe2::mkl PROPERTY INTERFACE_LINK_DIRECTORIES "")
endif()
