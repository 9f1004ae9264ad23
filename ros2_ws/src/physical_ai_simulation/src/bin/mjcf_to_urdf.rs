//! `mjcf_to_urdf FILE MESH_FOLDER`: a robot in MuJoCo's language as URDF, for nodes that do not link MuJoCo.
//!
//! The URDF goes to the standard output, its meshes into the folder, and what could not be said to the standard
//! error, one line each that begins with `warning: `.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, folder] = arguments.as_slice() else {
        eprintln!("usage: mjcf_to_urdf FILE MESH_FOLDER");
        return ExitCode::from(2);
    };
    match physical_ai_sim::mjcf_to_urdf(Path::new(file), Path::new(folder)) {
        Ok(converted) => {
            for warning in converted.warnings {
                eprintln!("warning: {warning}");
            }
            print!("{}", converted.urdf);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
